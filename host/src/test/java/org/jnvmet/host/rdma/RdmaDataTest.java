package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvSendWR;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.Requests;
import org.jnvmet.host.rdma.RdmaFixture.Pending;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The way of data through registered memory: its bound, its line, and its end. */
class RdmaDataTest {
    private static final int PAGE = RdmaFixture.PAGE;

    /** Room for two transfers of the largest size. */
    private static final RdmaSettings SMALL =
            new RdmaSettings(16 * PAGE, 32 * PAGE, 32 * PAGE, 4096);

    private final RdmaFixture fixture = new RdmaFixture(SMALL);

    @AfterEach
    void close() {
        fixture.close();
    }

    private static MemorySegment random(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return MemorySegment.ofArray(data);
    }

    @Test
    void commandsThatFindNoRoomWaitInTheirOrder() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(16))) {
            RawTarget.Connection target = fixture.target.next();
            List<MemorySegment> data = new ArrayList<>();
            List<Pending> pending = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                MemorySegment part = random(16 * PAGE, i);
                data.add(part);
                pending.add(Pending.of(queue, IoCommands.write(1, i, 16 * PAGE / 512, part)));
            }
            Pending small = Pending.of(queue, IoCommands.flush(1)); // needs no room, and passes
            Capsule first = Capsule.of(target.capsule());
            Capsule second = Capsule.of(target.capsule());
            Capsule flush = Capsule.of(target.capsule());
            assertThat(first.lba()).isZero();
            assertThat(second.lba()).isEqualTo(1);
            assertThat(flush.length()).isZero();
            target.respond(flush.commandId(), 0, 0);
            assertThat(small.await().succeeded()).isTrue();
            assertThat(target.hasCapsule()).isFalse();

            Capsule current = first;
            Capsule next = second;
            for (int i = 0; i < 6; i++) {
                assertThat(current.lba()).isEqualTo(i);
                byte[] read = target.read(current.address(), current.key(), current.length());
                assertThat(MemorySegment.ofArray(read).mismatch(data.get(i))).isEqualTo(-1);
                target.respond(current.commandId(), 0, 0);
                assertThat(pending.get(i).await().succeeded()).isTrue();
                current = next;
                if (i + 2 < 6) {
                    next = Capsule.of(target.capsule());
                }
            }
        }
    }

    @Test
    void whatIsLongerThanItsMemoryFailsAndOthersGoOn() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(4))) {
            RawTarget.Connection target = fixture.target.next();
            for (int i = 0; i < 10; i++) {
                HostRequest tooLong =
                        Pending.of(queue, RdmaFixture.read(random(33 * PAGE, 0))).await();
                assertThat(tooLong.status()).isEqualTo(Status.SGL_DATA_LENGTH_INVALID.field());
            }
            assertThat(target.hasCapsule()).isFalse();
            Pending fits = Pending.of(queue, RdmaFixture.read(random(32 * PAGE, 0)));
            Capsule capsule = Capsule.of(target.capsule());
            target.respond(capsule.commandId(), 0, 0);
            assertThat(fits.await().succeeded()).isTrue();
        }
    }

    @Test
    void gathersAndScattersSegmentsOfEveryKind() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(4));
                Arena arena = Arena.ofShared()) {
            RawTarget.Connection target = fixture.target.next();
            List<MemorySegment> parts =
                    List.of(random(1001, 1), arena.allocate(2 * PAGE), random(777, 2));
            parts.get(1).copyFrom(random(2 * PAGE, 3));
            Pending write = Pending.of(queue, HostCommand.io(1).send(parts));
            Capsule out = Capsule.of(target.capsule());
            assertThat(out.length()).isEqualTo(1001 + 2 * PAGE + 777);
            byte[] sent = target.read(out.address(), out.key(), out.length());
            int at = 0;
            for (MemorySegment part : parts) {
                assertThat(MemorySegment.ofArray(sent).asSlice(at, part.byteSize()).mismatch(part))
                        .isEqualTo(-1);
                at += (int) part.byteSize();
            }
            target.respond(out.commandId(), 0, 0);
            assertThat(write.await().succeeded()).isTrue();

            parts.forEach(part -> part.fill((byte) 0));
            Pending read = Pending.of(queue, HostCommand.io(2).receive(parts));
            Capsule in = Capsule.of(target.capsule());
            target.write(in.address(), in.key(), sent);
            target.respond(in.commandId(), 0, 0);
            assertThat(read.await().succeeded()).isTrue();
            assertThat(parts.get(2).toArray(ValueLayout.JAVA_BYTE))
                    .isEqualTo(
                            MemorySegment.ofArray(sent)
                                    .asSlice(1001 + 2 * PAGE)
                                    .toArray(ValueLayout.JAVA_BYTE));
        }
    }

    /** The controller goes on writing and answering: nothing of that may reach the request any more. */
    @Test
    void afterDrainNothingIsTouchedAndNothingCompletes() {
        ControllerLink link = fixture.transport.route(RdmaFixture.options()).setUpController();
        Recorder events = new Recorder();
        QueueChannel channel = link.createQueue(RdmaFixture.io(4), events);
        RawTarget.Connection target = fixture.target.next();
        MemorySegment data = MemorySegment.ofArray(new byte[PAGE]);
        HostRequest request = Requests.identify(Requests.of(RdmaFixture.read(data)), 0);
        channel.send(request);
        Capsule capsule = Capsule.of(target.capsule());

        channel.drain();
        target.write(capsule.address(), capsule.key(), new byte[] {1, 2, 3});
        target.respond(capsule.commandId(), 0, 0);
        channel.send(Requests.identify(Requests.of(RdmaFixture.read(data)), 1));
        assertThat(channel.poll()).isZero();
        assertThat(target.hasCapsule()).isFalse();
        target.disconnect();

        channel.destroy();
        link.release();
        assertThat(events.heard).isZero();
        assertThat(data.toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    /** When the queue is gone, so is its key. */
    @Test
    void afterDestroyTheControllerReachesNoMemory() {
        RawTarget.Connection target;
        Capsule capsule;
        try (LooseQueue queue = fixture.open(RdmaFixture.io(4))) {
            target = fixture.target.next();
            Pending _ = Pending.of(queue, RdmaFixture.read(random(PAGE, 1)));
            capsule = Capsule.of(target.capsule());
        }
        assertThat(
                        target.tryTransfer(
                                IbvSendWR.IBV_WR_RDMA_WRITE, 16, capsule.address(), capsule.key()))
                .isNotZero();
        target.close();
        fixture.assertNothingLeft();
    }

    /** Responses and capsules are no memory of the controller's. */
    @Test
    void theKeyReachesDataOnly() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(4))) {
            RawTarget.Connection target = fixture.target.next();
            Pending read = Pending.of(queue, RdmaFixture.read(random(PAGE, 1)));
            Capsule capsule = Capsule.of(target.capsule());
            assertThat(capsule.type()).isEqualTo(Sgl.KEYED);
            int all = SMALL.ioBytes();
            assertThat(
                            target.tryTransfer(
                                    IbvSendWR.IBV_WR_RDMA_READ,
                                    all + 1,
                                    capsule.address(),
                                    capsule.key()))
                    .isNotZero();
            assertThat(read.failure()).contains("I/O queue 1: ");
        }
    }

    private static final class Recorder implements QueueEvents {
        private volatile int heard;

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate") // any at all fails the test
        public void done(HostRequest request, long result, int status) {
            heard++;
        }

        @Override
        @SuppressWarnings("NonAtomicVolatileUpdate")
        public void reportError(HostException reason) {
            heard++;
        }
    }
}
