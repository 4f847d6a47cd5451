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
 * A guest with peer memory for all tests of a class, and in it one jnvmet, which each test finds with an
 * empty tree. After each, everything is taken down, the kernel must have got back all peer memory, and it
 * must have said nothing worse about disks than what the test expects.
 */
@Tag("vm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class PeerScenario {
    /** What the kernel says of a direct I/O whose memory does not reach the disk. */
    static final String[] REFUSED_BY_KERNEL = {
        "cannot be used for peer-to-peer DMA as the client and provider", "invalid error, dev nvme"
    };

    /** What it says of a Keep Alive under way when the host itself leaves. */
    private static final List<Pattern> LEAVING =
            List.of(
                    Pattern.compile(
                            "long keepalive RTT \\(4294\\d+ ms\\)"), // less than none, so none
                    Pattern.compile("failed nvme_keep_alive_end_io error=4"));

    private final String devices;
    private final String processor;
    private final List<Pattern> expected = new ArrayList<>();
    private @Nullable PeerGuest machine;
    private String variables = "";

    /**
     * A machine.
     *
     * @param devices what boot.sh calls the tree of devices
     * @param processor QEMU's name of the processor
     */
    PeerScenario(String devices, String processor) {
        this.devices = devices;
        this.processor = processor;
    }

    final PeerGuest machine() {
        return Objects.requireNonNull(machine);
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
        variables =
                "NQN=nqn.2025-01.org.jnvmet.test:%s IDLE=%s\n"
                        .formatted(test.getTestMethod().orElseThrow().getName(), idle());
        expected.clear();
        expected.addAll(LEAVING);
        machine().takeKernelLog();
    }

    /** Boots the guest and starts jnvmet unless they are there; bytes of memory that cmb0 has when nobody uses it. */
    private String idle() {
        if (machine == null || !machine.alive()) {
            machine = PeerGuest.boot(getClass().getSimpleName(), devices, processor);
            machine.run("peer_interface");
        }
        machine.run("jnvmet_serves || start_jnvmet");
        return machine.run("cat $(peer_memory cmb0)/available");
    }

    @AfterEach
    void end() {
        if (!machine().alive()) {
            return;
        }
        machine().attempt("cat $log; : >$log");
        machine().run("leave; if jnvmet_serves; then cd $tree; clear_tree; fi");
        machine().run(variables + "wait_until 20 all_is_back");
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
