package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.transport.rdma.RdmaFixture.eventually;

import org.jnvmet.target.posix.Errno;
import org.jnvmet.verbs.software.Faults;
import org.jnvmet.verbs.software.Faults.Step;
import org.jnvmet.wire.Sgl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/**
 * Fails the first, the second, the third step of a kind, until a whole life of a host passes without the
 * fault: its queue may die of each, the process and the other queues live, and nothing is left behind.
 */
class FaultTest {
    private static final int BLOCK = Commands.BLOCK;

    /** More than there are steps of any kind in the life of a host. */
    private static final int MANY = 400;

    /** Each time is a life of its own; what comes late is much like what came before. */
    private static final int STRIDE_FROM = 24;

    @ParameterizedTest
    @EnumSource(
            names = {
                "CREATE_ID",
                "BIND",
                "LISTEN",
                "RESOLVE",
                "CONNECT",
                "SEND",
                "RDMA_READ",
                "RDMA_WRITE",
                "RECEIVE",
                "CREATE_CHANNEL",
                "REJECT",
                "CREATE_SRQ"
            },
            mode = Mode.EXCLUDE)
    void survivesAnyCallThatFails(Step step) {
        survives(step, (faults, skip) -> faults.failCall(step, skip, Errno.ENOMEM.number()));
    }

    @ParameterizedTest
    @EnumSource(names = {"SEND", "RDMA_READ", "RDMA_WRITE", "RECEIVE"})
    void survivesAnyWorkRequestThatFails(Step step) {
        survives(step, (faults, skip) -> faults.failCompletion(step, skip, 12));
    }

    @ParameterizedTest
    @EnumSource(names = {"SEND", "RDMA_READ", "RDMA_WRITE", "RECEIVE"})
    void survivesAnyCompletionThatIsLost(Step step) {
        survives(step, (faults, skip) -> faults.loseCompletion(step, skip));
    }

    private static void survives(Step step, Fault fault) {
        RdmaSettings settings =
                RdmaFixture.SETTINGS.withLimits(new RdmaSettings.TimeLimits(100, 400, 10, 8_000));
        try (RdmaFixture target = new RdmaFixture(settings)) {
            target.expectErrors();
            RawHost witness = target.admin();
            int lives = 0;
            boolean happened = true;
            for (int skip = 0; happened && skip < MANY; skip += skip < STRIDE_FROM ? 1 : 7) {
                fault.on(target.fabric.faults(), skip);
                live(target, witness);
                happened = target.fabric.faults().pending() == 0;
                target.fabric.faults().clear();
                eventually(() -> target.usage().connections() <= 1);
                if (target.usage().connections() == 0) { // the fault hit the witness
                    witness.close();
                    witness = target.admin();
                }
                lives++;
            }
            assertThat(lives).as("%s", step).isGreaterThan(1);
            assertThat(happened).as("%s never ended", step).isFalse();
            witness.expectStillOpen();
            witness.close();
            target.awaitNoConnections();
        }
    }

    /** The same for what the first connection makes of its device, loop and shared receive queue. */
    @ParameterizedTest
    @EnumSource(
            names = {
                "ALLOCATE_DOMAIN",
                "REGISTER",
                "CREATE_CHANNEL",
                "CREATE_CQ",
                "CREATE_SRQ",
                "CREATE_QP",
                "POST_RECEIVE",
                "ACCEPT",
                "REJECT"
            })
    void survivesWhatFailsOnANewDevice(Step step) {
        RdmaSettings settings =
                RdmaFixture.SETTINGS.withQueues(new RdmaSettings.Queues(64, 64, 4096, 16));
        boolean happened = true;
        for (int skip = 0; happened && skip < MANY; skip++) {
            try (RdmaFixture target = new RdmaFixture(settings)) {
                target.expectErrors();
                try (RawHost first = target.dial()) {
                    first.impatient();
                    target.fabric.faults().failCall(step, skip, Errno.ENOMEM.number());
                    if (step == Step.REJECT) {
                        boolean _ = first.tryConnect(200, 32);
                    } else if (first.tryConnect(0, 32)) {
                        boolean _ = first.succeeds(first.connectCommand(0, 32, 0xffff));
                    }
                } catch (RawHost.FaultyHostException _) {
                    // the fault hit the host's own calls
                }
                happened = target.fabric.faults().pending() == 0;
                target.fabric.faults().clear();
                target.awaitNoConnections();
                try (RawHost second = target.admin()) {
                    second.expectStillOpen();
                }
            }
        }
        assertThat(happened).as("%s never ended", step).isFalse();
    }

    /** All that a host does; it ends with the first thing that goes wrong. */
    private static void live(RdmaFixture target, RawHost witness) {
        try (RawHost io = new RawHost(target.fabric.provider(), target.bound())) {
            io.impatient();
            if (!io.tryConnect(1, 8)
                    || !io.succeeds(io.connectCommand(1, 8, witness.controllerId()))) {
                return;
            }
            for (int cid = 0; cid < 4; cid++) {
                if (!io.succeeds(io.blocks(Commands.WRITE, cid, cid, 4, 0))
                        || !io.succeeds(io.blocks(Commands.READ, cid, cid, 4, 65_536))
                        || !io.succeeds(RawHost.inCapsule(cid, cid, new byte[BLOCK]))
                        || !io.succeeds(twoBlocks(io, Commands.WRITE, cid))
                        || !io.succeeds(twoBlocks(io, Commands.READ, cid))) {
                    return;
                }
            }
        } catch (RawHost.FaultyHostException _) {
            // the fault hit the host's own calls; what it had made is destroyed
        }
    }

    private static byte[] twoBlocks(RawHost io, int opcode, int cid) {
        Bytes sqe = Commands.io(opcode, cid, 0, 2);
        Commands.atOffset(sqe, 0, 32, Sgl.LAST_SEGMENT_OFFSET);
        Bytes capsule = new Bytes(64 + 32).put(0, sqe.array());
        Commands.descriptor(capsule, 64, io.address(0), BLOCK, io.key(), Sgl.KEYED);
        Commands.descriptor(capsule, 80, io.address(20_000), BLOCK, io.key(), Sgl.KEYED);
        return capsule.array();
    }

    @FunctionalInterface
    private interface Fault {
        void on(Faults faults, int skip);
    }
}
