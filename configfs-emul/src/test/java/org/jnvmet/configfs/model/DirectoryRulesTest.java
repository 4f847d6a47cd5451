package org.jnvmet.configfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.configfs.model.ModelFixture.N;
import static org.jnvmet.configfs.model.ModelFixture.P;
import static org.jnvmet.configfs.model.ModelFixture.R;
import static org.jnvmet.configfs.model.ModelFixture.S;
import static org.jnvmet.configfs.model.ModelFixture.refuses;

import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.AnaState;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** mkdir, rmdir, symlink and unlink: what they do and the errno of each refusal. */
class DirectoryRulesTest {
    private final ModelFixture fixture = new ModelFixture().withOneOfEach();
    private final ConfigTree tree = fixture.tree;

    private List<String> names(String directory) {
        return tree.list(tree.directory(directory)).stream().map(Node::name).toList();
    }

    @Test
    void mkdirMakesTheDefaultGroupsAtOnce() {
        assertThat(names(""))
                .contains("hosts", "ports", "subsystems", "discovery_nqn", "last_error");
        assertThat(names(S)).contains("allowed_hosts", "namespaces");
        assertThat(names(P)).contains("subsystems", "referrals", "ana_groups");
        assertThat(names(P + "/ana_groups")).containsExactly("1");
        assertThat(tree.read(P + "/ana_groups/1/ana_state")).isEqualTo("optimized");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "new",
                S + "/new",
                S + "/allowed_hosts/new",
                P + "/new",
                P + "/subsystems/new",
                "hosts/nqn.h/new",
                N + "/new",
                P + "/ana_groups/1/new",
                R + "/new"
            })
    void mkdirIsNotAllowedWhereNothingIsMade(String path) {
        refuses(Errno.EPERM, () -> tree.mkdir(path));
    }

    @ParameterizedTest
    @CsvSource({
        "subsystems, nqn.2014-08.org.nvmexpress.discovery, EINVAL",
        "subsystems, nqn.s, EEXIST",
        "hosts, nqn.h, EEXIST",
        "ports, 65536, EINVAL",
        "ports, -1, EINVAL",
        "ports, x, EINVAL",
        "ports, 99999999999999999999, EINVAL",
        "ports, 1, EEXIST",
        "ports, 0x1, EEXIST",
        S + "/namespaces, 0, EINVAL",
        S + "/namespaces, 0xffffffff, EINVAL",
        S + "/namespaces, 4294967296, ERANGE",
        S + "/namespaces, x, EINVAL",
        S + "/namespaces, -1, EINVAL",
        S + "/namespaces, 0x1, ENOMEM",
        S + "/namespaces, 1, EEXIST",
        P + "/ana_groups, 0, EINVAL",
        P + "/ana_groups, 01, EINVAL",
        P + "/ana_groups, 129, EINVAL",
        P + "/ana_groups, 4294967296, ERANGE",
        P + "/ana_groups, x, EINVAL",
        P + "/ana_groups, 1, EEXIST",
        P + "/referrals, r, EEXIST"
    })
    void mkdirRefuses(String parent, String name, Errno errno) {
        List<String> before = names(parent);
        refuses(errno, () -> tree.mkdir(parent + "/" + name));
        assertThat(names(parent)).isEqualTo(before);
        assertThat(tree.read(parent + "/last_error")).isNotEmpty();
    }

    @Test
    void mkdirOfASubsystemChecksItsNameAgainstTheWireAndTheDiscoveryName() {
        refuses(Errno.EINVAL, () -> tree.mkdir("subsystems/" + "x".repeat(223)));
        refuses(Errno.ENAMETOOLONG, () -> tree.mkdir("subsystems/" + "x".repeat(256)));
        tree.mkdir("subsystems/" + "x".repeat(222));
        tree.mkdir("subsystems/foo");
        tree.write("discovery_nqn", "nqn.mine");
        refuses(Errno.EINVAL, () -> tree.mkdir("subsystems/nqn.mine"));
    }

    @Test
    void directoriesKeepTheirSpellingOfTheNumber() {
        tree.mkdir(S + "/namespaces/0x10");
        assertThat(names(S + "/namespaces")).contains("0x10");
        assertThat(fixture.subsystem().namespace(16)).isNotNull();
        refuses(Errno.ENOMEM, () -> tree.mkdir(S + "/namespaces/16"));
        tree.mkdir("ports/0x20");
        assertThat(fixture.target.ports().stream().map(Port::id)).containsExactly(1, 32);
        tree.mkdir(P + "/ana_groups/0x80");
        assertThat(fixture.target.anaGroups()).containsExactly(1, 128);
        refuses(Errno.EEXIST, () -> tree.mkdir(P + "/ana_groups/128"));
    }

    @Test
    void mkdirOfTheNamespaceAfterTheLastIsOutOfMemory() {
        for (int nsid = 2; nsid <= 1024; nsid++) {
            tree.mkdir(S + "/namespaces/" + nsid);
        }
        refuses(Errno.ENOMEM, () -> tree.mkdir(S + "/namespaces/1025"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hosts",
                "ports",
                "subsystems",
                S + "/allowed_hosts",
                S + "/namespaces",
                P + "/subsystems",
                P + "/referrals",
                P + "/ana_groups",
                P + "/ana_groups/1"
            })
    void rmdirOfADefaultGroupIsNotPermitted(String path) {
        refuses(Errno.EPERM, () -> tree.rmdir(path));
    }

    @Test
    void rmdirOfASubsystemIsBusyWhileLinkedThenNotEmptyThenDone() {
        fixture.enablePort();
        refuses(Errno.EBUSY, () -> tree.rmdir(S));
        tree.unlink(P + "/subsystems/s");
        refuses(Errno.ENOTEMPTY, () -> tree.rmdir(S));
        tree.rmdir(N);
        tree.symlink(S + "/allowed_hosts/h", "hosts/nqn.h");
        refuses(Errno.ENOTEMPTY, () -> tree.rmdir(S));
        refuses(Errno.EBUSY, () -> tree.rmdir("hosts/nqn.h"));
        tree.unlink(S + "/allowed_hosts/h");
        tree.rmdir(S);
        tree.rmdir("hosts/nqn.h");
        assertThat(fixture.target.subsystems()).isEmpty();
        assertThat(fixture.target.hosts()).isEmpty();
        refuses(Errno.ENOENT, () -> tree.read(S + "/attr_model"));
    }

    @Test
    void rmdirOfAPortIsNotEmptyWhileAnythingWasMadeInIt() {
        refuses(Errno.ENOTEMPTY, () -> tree.rmdir(P));
        tree.rmdir(R);
        tree.mkdir(P + "/ana_groups/2");
        refuses(Errno.ENOTEMPTY, () -> tree.rmdir(P));
        tree.rmdir(P + "/ana_groups/2");
        fixture.enablePort();
        refuses(Errno.ENOTEMPTY, () -> tree.rmdir(P));
        tree.unlink(P + "/subsystems/s");
        tree.rmdir(P);
        assertThat(fixture.target.ports()).isEmpty();
    }

    @Test
    void rmdirOfAnEnabledNamespaceOrReferralSucceeds() {
        fixture.enableNamespace();
        tree.write(R + "/enable", "1");
        long generation = fixture.target.generation();
        tree.rmdir(N);
        tree.rmdir(R);
        assertThat(fixture.subsystem().namespaces()).isEmpty();
        assertThat(fixture.target.generation()).isEqualTo(generation + 1);
    }

    @Test
    void anAnaGroupComesAndGoesInaccessible() {
        Port port = fixture.target.ports().iterator().next();
        tree.mkdir(P + "/ana_groups/7");
        assertThat(tree.read(P + "/ana_groups/7/ana_state")).isEqualTo("inaccessible");
        tree.write(P + "/ana_groups/7/ana_state", "optimized");
        assertThat(port.anaState(7)).isEqualTo(AnaState.OPTIMIZED);
        tree.rmdir(P + "/ana_groups/7");
        assertThat(port.anaState(7)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(fixture.target.anaGroups()).containsExactly(1);
    }

    @ParameterizedTest
    @CsvSource({
        "link, " + S + ", EPERM",
        S + "/link, hosts/nqn.h, EPERM",
        "subsystems/link, " + S + ", EPERM",
        P + "/referrals/link, " + S + ", EPERM",
        P + "/subsystems/link, hosts/nqn.h, EINVAL",
        P + "/subsystems/link, " + S + "/namespaces, EINVAL",
        P + "/subsystems/link, " + P + "/subsystems, EINVAL",
        P + "/subsystems/link, subsystems, EINVAL",
        P + "/subsystems/link, subsystems/absent, ENOENT",
        P + "/subsystems/link, " + S + ", EINVAL", // no trtype yet
        S + "/allowed_hosts/link, " + S + ", EINVAL",
        S + "/allowed_hosts/link, hosts, EINVAL",
        S + "/allowed_hosts/link, hosts/absent, ENOENT"
    })
    void symlinkRefuses(String link, String target, Errno errno) {
        refuses(errno, () -> tree.symlink(link, target));
    }

    @Test
    void symlinkRefusesTheSameSubsystemOrNameTwice() {
        fixture.enablePort();
        refuses(Errno.EEXIST, () -> tree.symlink(P + "/subsystems/other", S));
        tree.mkdir("subsystems/nqn.t");
        refuses(Errno.EEXIST, () -> tree.symlink(P + "/subsystems/s", "subsystems/nqn.t"));
        tree.symlink(P + "/subsystems/t", "subsystems/nqn.t");
        assertThat(fixture.target.ports().iterator().next().subsystems()).hasSize(2);
    }

    @Test
    void symlinkRefusesTheSameHostTwiceAndAnyHostBesideIt() {
        tree.symlink(S + "/allowed_hosts/anything", "hosts/nqn.h");
        assertThat(fixture.subsystem().allows("nqn.h")).isTrue();
        assertThat(fixture.subsystem().allows("anything")).isFalse();
        refuses(Errno.EEXIST, () -> tree.symlink(S + "/allowed_hosts/else", "hosts/nqn.h"));
        tree.unlink(S + "/allowed_hosts/anything");
        tree.write(S + "/attr_allow_any_host", "1");
        refuses(Errno.EINVAL, () -> tree.symlink(S + "/allowed_hosts/h", "hosts/nqn.h"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"rdma", "fc", "pci"})
    void symlinkExplainsThatATransportIsMissing(String trtype) {
        tree.write(P + "/addr_trtype", trtype);
        refuses(Errno.EINVAL, () -> tree.symlink(P + "/subsystems/s", S));
        assertThat(tree.read(P + "/subsystems/last_error"))
                .contains("this build has no " + trtype + " transport");
        tree.rmdir(N);
        tree.rmdir(S);
    }

    @Test
    void aLoopPortCanBeLinked() {
        tree.write(P + "/addr_trtype", "loop");
        tree.symlink(P + "/subsystems/s", S);
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("0");
    }

    @Test
    void attributesCannotBeUnlinked() {
        refuses(Errno.EPERM, () -> tree.unlink(N + "/enable"));
    }

    @Test
    @Timeout(30)
    void aSlowRemovalHoldsUpNothingElse() throws Exception {
        fixture.enableNamespace();
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch mayClose = new CountDownLatch(1);
        fixture.media.getFirst().duringClose =
                () -> {
                    closing.countDown();
                    await(mayClose);
                };
        Thread remover = Thread.ofPlatform().start(() -> tree.rmdir(N));
        await(closing);
        // All of this would hang if the removal held a lock of the whole tree or of the subsystem.
        tree.mkdir(S + "/namespaces/2");
        tree.write(S + "/namespaces/2/device_path", "disk");
        tree.write(S + "/namespaces/2/enable", "1");
        tree.write(S + "/attr_model", "M");
        fixture.enablePort();
        refuses(Errno.EEXIST, () -> tree.mkdir(N));
        assertThat(remover.isAlive()).isTrue();
        mayClose.countDown();
        remover.join();
        tree.mkdir(N);
        assertThat(tree.read(N + "/enable")).isEqualTo("0");
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
