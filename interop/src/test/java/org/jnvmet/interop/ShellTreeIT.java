package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The mounted tree under the commands of a shell: what works, and what a person reads when not. */
@Tag("fuse")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ShellTreeIT {
    private static final String ONE_OF_EACH =
            """
            mkdir hosts/nqn.h subsystems/nqn.s subsystems/nqn.s/namespaces/1 ports/1
            mkdir ports/1/referrals/r ports/1/ana_groups/2
            echo mem:16M >subsystems/nqn.s/namespaces/1/device_path
            echo 1 >subsystems/nqn.s/namespaces/1/enable
            ln -s hosts/nqn.h subsystems/nqn.s/allowed_hosts/nqn.h
            echo tcp >ports/1/addr_trtype
            echo ipv4 >ports/1/addr_adrfam
            echo 127.0.0.1 >ports/1/addr_traddr
            echo $PORT >ports/1/addr_trsvcid
            ln -s subsystems/nqn.s ports/1/subsystems/nqn.s
            """;

    private @Nullable JnvmetTarget target;

    @BeforeAll
    void start() {
        target = new JnvmetTarget("shell");
    }

    @AfterEach
    void clear() {
        run("clear_tree");
    }

    @AfterAll
    void stop() {
        if (target != null) {
            target.close();
        }
    }

    private Result attempt(String script) {
        String variables = "export LC_ALL=C PORT=%d NQN=nqn.s\n".formatted(port());
        return Objects.requireNonNull(target).attempt(variables, script);
    }

    private String run(String script) {
        return attempt(script).expectSuccess(script);
    }

    private int port() {
        return Objects.requireNonNull(target).service(0);
    }

    private void makeOneOfEach() {
        run(ONE_OF_EACH);
    }

    @Test
    void setsUpATargetFromNothingThatListens() {
        makeOneOfEach();
        assertThat(run("cat subsystems/nqn.s/namespaces/1/{enable,device_path,ana_grpid}"))
                .isEqualTo("1\nmem:16M\n1");
        assertThat(run("readlink ports/1/subsystems/nqn.s; ls -d ports/1/subsystems/nqn.s/"))
                .startsWith("../../../subsystems/nqn.s");
        assertThat(run("stat -c '%A %s' subsystems/nqn.s/attr_serial"))
                .isEqualTo("-rw-r--r-- 4096");
        assertThat(run("stat -c %A subsystems/nqn.s/namespaces/1/revalidate_size"))
                .isEqualTo("--w-------");
        run("exec 3<>/dev/tcp/127.0.0.1/$PORT");
        run("rm ports/1/subsystems/nqn.s");
        attempt("exec 3<>/dev/tcp/127.0.0.1/$PORT").expectFailure("connect");
    }

    @Test
    void takesWhatPeopleTypeForBooleans() {
        run("mkdir subsystems/nqn.s");
        for (String word : List.of("1", "y", "on", "true")) {
            run("echo 0 >subsystems/nqn.s/attr_allow_any_host");
            run("echo %s >subsystems/nqn.s/attr_allow_any_host".formatted(word));
            assertThat(run("cat subsystems/nqn.s/attr_allow_any_host")).isEqualTo("1");
        }
    }

    @Test
    void doesNotLetARecursiveRemovalThrough() {
        makeOneOfEach();
        attempt("rm -rf subsystems/nqn.s").expectFailure("rm -rf");
        assertThat(run("cat subsystems/nqn.s/namespaces/1/enable")).isEqualTo("1");
    }

    @Test
    void survivesAShellThatStandsInARemovedFolder() {
        run("mkdir ports/1; cd ports/1; rmdir ../1; if cat addr_trtype; then exit 1; fi");
        run("mkdir ports/1");
    }

    /** A command, the text of its errno, where last_error has the reason, and a word of it. */
    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    mkdir subsystems/nqn.2014-08.org.nvmexpress.discovery | Invalid argument      | subsystems | nqn.2014-08.org.nvmexpress.discovery
                    mkdir subsystems/nqn.s                        | File exists                  | -          | -
                    mkdir subsystems/nqn.s/namespaces/0           | Invalid argument             | subsystems/nqn.s/namespaces | 0
                    mkdir subsystems/nqn.s/namespaces/none        | Invalid argument             | subsystems/nqn.s/namespaces | none
                    mkdir subsystems/nqn.s/anything               | Operation not permitted      | -          | -
                    mkdir ports/70000                             | Invalid argument             | ports      | 70000
                    mkdir ports/1/ana_groups/129                  | Invalid argument             | ports/1/ana_groups | 129
                    rmdir subsystems/nqn.s                        | Device or resource busy      | -          | -
                    rmdir hosts/nqn.h                             | Device or resource busy      | -          | -
                    rmdir ports/1                                 | Directory not empty          | -          | -
                    rmdir ports/1/ana_groups/1                    | Operation not permitted      | -          | -
                    rmdir subsystems/nqn.s/namespaces             | Operation not permitted      | -          | -
                    rm subsystems/nqn.s/attr_serial               | Operation not permitted      | -          | -
                    mv subsystems/nqn.s subsystems/nqn.t          | Operation not permitted      | -          | -
                    touch subsystems/nqn.s/new                    | Permission denied            | -          | -
                    cat subsystems/nqn.s/namespaces/1/revalidate_size | Permission denied        | -          | -
                    echo 1 >subsystems/nqn.s/last_error           | Permission denied            | -          | -
                    ln -s subsystems/nqn.no ports/1/subsystems/x  | No such file or directory    | -          | -
                    ln -s hosts/nqn.h ports/1/subsystems/x        | Invalid argument             | ports/1/subsystems | nqn.h
                    ln -s subsystems/nqn.s ports/1/subsystems/x   | File exists                  | ports/1/subsystems | nqn.s
                    ln -s /tmp ports/1/subsystems/x               | Operation not permitted      | -          | -
                    ln -s subsystems/nqn.s hosts/x                | Operation not permitted      | -          | -
                    echo 1 >subsystems/nqn.s/attr_allow_any_host  | Invalid argument             | subsystems/nqn.s | allowed hosts
                    echo perhaps >subsystems/nqn.s/attr_allow_any_host | Invalid argument        | subsystems/nqn.s | perhaps
                    echo 123456789012345678901 >subsystems/nqn.s/attr_serial | Invalid argument  | subsystems/nqn.s | 21
                    echo 0 >subsystems/nqn.s/attr_cntlid_min      | Invalid argument             | subsystems/nqn.s | 0
                    echo 129 >subsystems/nqn.s/attr_qid_max       | Invalid argument             | subsystems/nqn.s | 129
                    echo mem:32M >subsystems/nqn.s/namespaces/1/device_path | Device or resource busy | subsystems/nqn.s/namespaces/1 | enabled
                    echo 1 >subsystems/nqn.s/namespaces/1/buffered_io | Invalid argument         | subsystems/nqn.s/namespaces/1 | enabled
                    echo 129 >subsystems/nqn.s/namespaces/1/ana_grpid | Invalid argument         | subsystems/nqn.s/namespaces/1 | 129
                    echo 0000:09:00.0 >subsystems/nqn.s/namespaces/1/p2pmem | Device or resource busy | subsystems/nqn.s/namespaces/1 | enabled
                    echo 0000:09:00.0 >ports/1/allow_p2pmem       | No such device               | ports/1    | 0000:09:00.0
                    echo auto >ports/1/allow_p2pmem               | No such device               | ports/1    | auto
                    echo maybe >ports/1/p2pmem_strict             | Invalid argument             | ports/1    | maybe
                    echo 1 >ports/1/p2pmem_status                 | Permission denied            | ports/1    | p2pmem_status
                    mkdir p2pmem/0000:03:00.0                     | Operation not permitted      | -          | -
                    rmdir p2pmem                                  | Operation not permitted      | -          | -
                    echo rdma >ports/1/addr_trtype                | Permission denied            | ports/1    | 1
                    echo 4421 >ports/1/addr_trsvcid               | Permission denied            | ports/1    | 1
                    echo fast >ports/1/ana_groups/2/ana_state     | Invalid argument             | ports/1/ana_groups/2 | fast
                    echo carrier >ports/1/referrals/r/addr_trtype | Invalid argument             | ports/1/referrals/r | carrier
                    """)
    void refusesWithTheKernelsErrnoAndASentence(
            String command, String errno, String place, String word) {
        makeOneOfEach();
        assertThat(attempt(command).expectFailure(command)).contains(errno);
        if (!place.equals("-")) {
            assertThat(run("cat %s/last_error".formatted(place))).contains(word);
        }
    }

    @Test
    void namesThePathThatCannotBeOpened() {
        run("mkdir -p subsystems/nqn.s && mkdir subsystems/nqn.s/namespaces/1");
        String enable =
                "cd subsystems/nqn.s/namespaces/1; echo /no/such/disk >device_path; echo 1 >enable";
        assertThat(attempt(enable).expectFailure(enable)).contains("No such file or directory");
        assertThat(run("cat subsystems/nqn.s/namespaces/1/last_error")).contains("/no/such/disk");
    }

    @Test
    void namesTheAddressThatIsTaken() {
        makeOneOfEach();
        String second = "port 2 $PORT; link 2";
        assertThat(attempt(second).expectFailure(second)).contains("Address already in use");
        assertThat(run("cat ports/2/subsystems/last_error ports/2/last_error"))
                .contains(Integer.toString(port()));
    }

    @Test
    void endsInOrderOnSigtermAndTakesTheStateUpAgain() {
        makeOneOfEach();
        JnvmetProcess process = Objects.requireNonNull(target).process();
        long start = System.nanoTime();
        assertThat(process.stop()).isIn(0, 143);
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
        Result mounted =
                LocalShell.exec(Duration.ofSeconds(5), "findmnt", process.tree().toString());
        assertThat(mounted.status()).as("still mounted: " + mounted.output()).isNotZero();
        process.restart();
        assertThat(run("cat subsystems/nqn.s/namespaces/1/device_path")).isEqualTo("mem:16M");
        run("exec 3<>/dev/tcp/127.0.0.1/$PORT");
    }

    @Test
    void takesTheStateUpAgainAfterAKill() {
        makeOneOfEach();
        JnvmetProcess process = Objects.requireNonNull(target).process();
        process.kill();
        process.restart();
        assertThat(run("cat subsystems/nqn.s/namespaces/1/{enable,device_path}"))
                .isEqualTo("1\nmem:16M");
        assertThat(run("ls ports/1/referrals ports/1/subsystems")).contains("r", "nqn.s");
    }
}
