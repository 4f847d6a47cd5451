package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.TestInstance;

/**
 * A target and a Linux host in a virtual machine, for all tests of a class. Each test makes what it
 * needs in the target's tree and finds it empty. After each, everything is taken down again, and the
 * host's kernel must have said nothing worse about disks than what the test expects.
 */
@Tag("vm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class LinuxHostScenario {
    /** What the host says when a connection goes away under it and comes back. */
    static final String[] CONNECTION_LOST = {
        "starting error recovery",
        "failed to connect socket: -(111|104)",
        "failed to receive icresp, error -(32|104)",
        "no usable path - requeuing I/O",
        "nvme_ns_head_submit_bio: \\d+ callbacks suppressed",
        "Failed to get ANA log: -?\\d+",
        "failed to send request -(32|104)",
        "Property Set error: 880, offset 0x14" // the host cannot say goodbye
    };

    private static final Duration HOST_LIMIT = Duration.ofMinutes(6);

    private final List<Pattern> expected = new ArrayList<>();
    private final List<KernelLog.Message> messages = new ArrayList<>();
    private @Nullable TargetMachine target;
    private @Nullable LinuxGuest host;
    private String nqn = "";

    final TargetMachine target() {
        return Objects.requireNonNull(target);
    }

    /** The subsystem of this test, {@code $NQN} in scripts. */
    final String nqn() {
        return nqn;
    }

    /** Runs a script in the target's tree; it has to succeed. */
    final String tree(String script) {
        return target().attempt(variables(), script).expectSuccess(script);
    }

    /** Runs a script on the host; it has to succeed. */
    final String host(String script) {
        return attemptOnHost(script).expectSuccess(script);
    }

    final Result attemptOnHost(String script) {
        return machine().attempt(script, variables(), HOST_LIMIT);
    }

    /** Starts a script on the host in the background; {@link #finish} waits for it. */
    final void start(String job, String script) {
        host("start_job %s <<'SCRIPT'\n%s\nSCRIPT".formatted(job, script.strip()));
    }

    /** Waits for a script of {@link #start}, which has to succeed, and returns what it wrote. */
    final String finish(String job) {
        return host("finish_job " + job);
    }

    /** For what jnvmet can do and the kernel's own target cannot. */
    final JnvmetTarget onlyJnvmet() {
        assumeTrue(target() instanceof JnvmetTarget, "the kernel's target cannot do this");
        return (JnvmetTarget) target();
    }

    /** Warnings of the host's kernel that belong to this test. */
    final void expectKernelMessages(String... patterns) {
        for (String pattern : patterns) {
            expected.add(Pattern.compile(pattern));
        }
    }

    /** What the host's kernel has said in this test. */
    final List<KernelLog.Message> kernelMessages() {
        messages.addAll(KernelLog.parse(machine().run("busybox dmesg -r -c")));
        return messages;
    }

    private LinuxGuest machine() {
        return Objects.requireNonNull(host);
    }

    private String variables() {
        return "NQN=%s PORT=%d PORT2=%d\n".formatted(nqn, target().service(0), target().service(1));
    }

    @BeforeAll
    void open() {
        Needs.guestImage();
        target = TargetMachine.open(getClass().getSimpleName());
    }

    @BeforeEach
    void begin(TestInfo test) {
        if (host == null || !host.alive()) {
            host = LinuxGuest.boot(getClass().getSimpleName());
        }
        nqn = "nqn.2025-01.org.jnvmet.test:" + test.getTestMethod().orElseThrow().getName();
        expected.clear();
        kernelMessages();
        messages.clear();
    }

    @AfterEach
    void end() {
        boolean alive = machine().alive();
        if (alive) {
            host("leave");
        }
        tree("clear_tree");
        if (alive) {
            assertThat(KernelLog.unexpected(kernelMessages(), expected))
                    .as("what the host's kernel complained of")
                    .isEmpty();
        }
    }

    @AfterAll
    void close() {
        if (host != null) {
            host.close();
        }
        if (target != null) {
            target.close();
        }
    }
}
