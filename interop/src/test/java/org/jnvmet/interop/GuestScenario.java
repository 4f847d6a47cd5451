package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/**
 * A guest for all tests of a class, and in it one jnvmet, which each test finds with an empty tree, and
 * the host. After each, everything is taken down, all that the kernel lent must be back, and it must have
 * said nothing worse than what the test expects.
 */
@Tag("vm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class GuestScenario {
    /** What the host says of a Keep Alive under way when it leaves. */
    private static final List<Pattern> LEAVING =
            List.of(
                    Pattern.compile(
                            "long keepalive RTT \\(4294\\d+ ms\\)"), // less than none, so none
                    Pattern.compile("failed nvme_keep_alive_end_io error=4"));

    private final List<Pattern> expected = new ArrayList<>();
    private @Nullable JavaGuest machine;
    private String nqn = "";
    private String variables = "";

    /** Boots the guest and gives it its devices. */
    abstract JavaGuest boot(String name);

    /** Assignments for scripts, asked for before each test with jnvmet running. */
    abstract String variables();

    /** A command that succeeds when the kernel has back all that a test used. */
    abstract String allIsBack();

    final JavaGuest machine() {
        return Objects.requireNonNull(machine);
    }

    /** The subsystem of this test, {@code $NQN} in scripts. */
    final String nqn() {
        return nqn;
    }

    /** Runs a script in the guest, with the config tree as current folder; it has to succeed. */
    final String guest(String script) {
        return attempt(script).expectSuccess(script);
    }

    final Result attempt(String script) {
        return machine().attempt(variables + "cd $tree\n" + script);
    }

    /** Warnings of the kernel that belong to this test. */
    final void expectKernelMessages(String... patterns) {
        for (String pattern : patterns) {
            expected.add(Pattern.compile(pattern));
        }
    }

    @BeforeEach
    void begin(TestInfo test) {
        expected.clear();
        expected.addAll(LEAVING);
        if (machine == null || !machine.alive()) {
            machine = boot(getClass().getSimpleName());
        }
        machine().run("jnvmet_serves || start_jnvmet");
        nqn = "nqn.2025-01.org.jnvmet.test:" + test.getTestMethod().orElseThrow().getName();
        variables = "NQN=%s %s\n".formatted(nqn, variables());
        machine().takeKernelLog();
    }

    @AfterEach
    void end() {
        if (machine == null || !machine.alive()) {
            return;
        }
        machine().attempt("cat $log; : >$log");
        machine().run("leave; if jnvmet_serves; then cd $tree; clear_tree; fi");
        machine().run(variables + "wait_until 20 " + allIsBack());
        assertThat(KernelLog.unexpected(machine().takeKernelLog(), expected))
                .as("what the kernel complained of")
                .isEmpty();
    }

    @AfterAll
    void close() {
        if (machine != null) {
            machine.close();
        }
    }
}
