package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jnvmet.target.memory.MemoryPool;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.target.spi.Staging;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the core makes of a {@link Staging}: where data lies, who is told, and what its mistakes cost. */
class StagingTest {
    private final Teller staging = new Teller();
    private final CoreFixture fixture = new CoreFixture(staging);

    /** Notes what it is told, and throws when the test says so. */
    private static final class Teller implements Staging {
        private final List<String> told = new ArrayList<>();
        private @Nullable RuntimeException mistake;

        private void tell(String news) {
            told.add(news);
            if (mistake != null) {
                throw mistake;
            }
        }

        @Override
        public void enabling(Namespace namespace, Backend medium) {
            tell("enabling " + namespace.nsid());
        }

        @Override
        public void disabled(Namespace namespace) {
            tell("disabled " + namespace.nsid());
        }

        @Override
        public void linking(Port port, Subsystem subsystem) {
            tell("linking");
        }

        @Override
        public void unlinked(Port port, Subsystem subsystem) {
            tell("unlinked");
        }

        @Override
        public void changing(Port port, PeerMemory allowed, boolean strict) {
            tell("changing " + allowed + " " + strict);
        }

        @Override
        public void admitted(Controller controller) {
            tell("admitted");
        }

        @Override
        public void gone(Controller controller) {
            tell("gone");
        }
    }

    /** Memory of its own in place of peer memory. */
    private static final class Place implements Placement, BufferSource {
        private final MemoryPool pool;
        private final boolean strict;
        private final List<Integer> attached = new ArrayList<>();
        private final ArrayDeque<Waiter> waiting = new ArrayDeque<>();
        private @Nullable Status unavailable;
        private boolean empty;

        private Place(Loop loop, boolean strict) {
            pool = new MemoryPool(loop, 64 << 10, 1 << 20);
            this.strict = strict;
        }

        @Override
        public BufferSource on(Loop loop) {
            return this;
        }

        @Override
        public boolean strict() {
            return strict;
        }

        @Override
        public @Nullable Status unavailable() {
            return unavailable;
        }

        @Override
        public void attached(Loop loop, int bytes, boolean peerMemory) {
            attached.add(bytes);
        }

        @Override
        public void refused(int errno, long bytes) {
            throw new AssertionError("nobody refuses");
        }

        @Override
        public @Nullable DataBuffer tryAcquire(int bytes) {
            return empty ? null : pool.tryAcquire(bytes);
        }

        @Override
        public void await(Waiter waiter, int bytes) {
            waiting.add(waiter);
        }

        @Override
        public void cancel(Waiter waiter) {
            boolean _ = waiting.remove(waiter);
        }

        @Override
        public int maxBufferBytes() {
            return pool.maxBufferBytes();
        }

        private void turnAway() {
            while (!waiting.isEmpty()) {
                waiting.remove().turnedAway();
            }
        }
    }

    private Namespace namespace() {
        return Objects.requireNonNull(fixture.subsystem.namespace(1));
    }

    private static TestQueue.Completion write(TestQueue io, int blocks) {
        return io.write(
                CoreFixture.io(IoOpcode.WRITE, 1, 0, blocks), new byte[blocks * CoreFixture.BLOCK]);
    }

    @Test
    void isToldOfWhatDecisionsDependOn() {
        assertThat(staging.told).containsExactly("enabling 1", "linking");
        staging.told.clear();
        TestQueue admin = fixture.admin();
        fixture.port.allowedPeerMemory(PeerMemory.AUTO);
        fixture.port.strictPeerMemory(true);
        admin.disconnect("end");
        fixture.settle();
        namespace().disable();
        fixture.port.unlink(fixture.subsystem);
        assertThat(staging.told)
                .containsExactly(
                        "admitted",
                        "changing 1 false",
                        "changing 1 true",
                        "gone",
                        "disabled 1",
                        "unlinked");
        fixture.port.link(fixture.subsystem);
        staging.told.clear();
        fixture.discovery();
        fixture.close();
        assertThat(staging.told).as("of a controller without namespaces").isEmpty();
    }

    @Test
    void changesNothingWhenAChangeIsRefused() {
        staging.mistake = new IllegalStateException("a mistake");
        assertThatThrownBy(() -> fixture.port.allowedPeerMemory(PeerMemory.AUTO))
                .isSameAs(staging.mistake);
        assertThat(fixture.port.allowedPeerMemory()).isEqualTo(PeerMemory.OFF);

        Namespace other = fixture.subsystem.createNamespace(2);
        other.devicePath("mem:1M");
        assertThatThrownBy(other::enable).isSameAs(staging.mistake);
        assertThat(other.enabled()).isFalse();
        assertThat(staging.told).endsWith("enabling 2", "disabled 2");

        Subsystem unlinked = fixture.target.createSubsystem("nqn.2025-01.org.jnvmet:unlinked");
        assertThatThrownBy(() -> fixture.port.link(unlinked)).isSameAs(staging.mistake);
        assertThat(fixture.port.subsystems()).containsExactly(fixture.subsystem);
        staging.mistake = null;
        fixture.target.removeSubsystem(unlinked); // nothing holds it
        other.enable();
        fixture.close();
    }

    @Test
    void aMistakeCostsNoHostItsAssociation() {
        staging.mistake = new IllegalStateException("a mistake");
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        assertThat(write(io, 1).is(Status.SUCCESS)).isTrue();
        io.disconnect("end");
        admin.disconnect("end");
        fixture.settle();
        assertThat(fixture.subsystem.controllers()).isEmpty();
        namespace().disable();
        assertThat(namespace().enabled()).isFalse();
        staging.mistake = null;
        fixture.close();
    }

    @Test
    void placesOnlyDataOfIoCommandsThatIsNotInACapsule() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        Place place = new Place(fixture.ioLoop, false);
        CoreFixture.controller(admin).place(Map.of(namespace(), place));

        assertThat(write(io, 2).is(Status.SUCCESS)).isTrue();
        assertThat(
                        io.read(CoreFixture.io(IoOpcode.READ, 1, 0, 1), CoreFixture.BLOCK)
                                .is(Status.SUCCESS))
                .isTrue();
        assertThat(
                        io.write(
                                        CoreFixture.io(IoOpcode.COMPARE, 1, 0, 1),
                                        new byte[CoreFixture.BLOCK])
                                .is(Status.SUCCESS))
                .isTrue();
        assertThat(place.attached).containsExactly(8192, 4096, 4096);

        place.attached.clear();
        assertThat(
                        io.write(
                                        CoreFixture.io(IoOpcode.WRITE, 1, 0, 1)
                                                .andThen(sqe ->
                                                        sqe.u8(
                                                                Sqe.SGL_TYPE,
                                                                Sgl.DATA_BLOCK_OFFSET)),
                                        new byte[CoreFixture.BLOCK])
                                .is(Status.SUCCESS))
                .isTrue();
        assertThat(CoreFixture.identify(admin, 0, 1).is(Status.SUCCESS)).isTrue();
        assertThat(
                        io.write(
                                        TestQueue.admin(IoOpcode.DATASET_MANAGEMENT)
                                                .andThen(sqe -> sqe.u32(Sqe.NSID, 1)),
                                        new byte[16])
                                .is(Status.SUCCESS))
                .as("ranges are no user data")
                .isTrue();
        assertThat(place.attached).isEmpty();

        CoreFixture.controller(admin).place(Map.of());
        assertThat(write(io, 1).is(Status.SUCCESS)).isTrue();
        assertThat(place.attached).isEmpty();
        assertThat(place.pool.lentPieces()).isZero();
        place.pool.close();
        fixture.close();
    }

    @Test
    void failsWhatTheMemoryCanNeverHold() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        Place place = new Place(fixture.ioLoop, true);
        CoreFixture.controller(admin).place(Map.of(namespace(), place));
        assertThat(write(io, 16).is(Status.SUCCESS)).isTrue();
        TestQueue.Completion refused = write(io, 17);
        assertThat(refused.is(Status.INVALID_FIELD)).isTrue();
        assertThat(errorByte(admin)).as("NLB").isEqualTo(Sqe.CDW12);
        place.pool.close();
        fixture.close();
    }

    /** Parameter Error Location of the newest entry of the error log. */
    private static int errorByte(TestQueue admin) {
        TestQueue.Completion log =
                admin.read(
                        TestQueue.admin(AdminOpcode.GET_LOG_PAGE)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, 1 | 15 << 16)),
                        64);
        assertThat(log.is(Status.SUCCESS)).isTrue();
        return log.u16(14) & 0xff;
    }

    @Test
    void failsCommandsThatHaveNowhereToGo() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        Place place = new Place(fixture.ioLoop, true);
        place.unavailable = Status.NAMESPACE_NOT_READY;
        CoreFixture.controller(admin).place(Map.of(namespace(), place));
        TestQueue.Completion refused = write(io, 1);
        assertThat(refused.is(Status.NAMESPACE_NOT_READY)).isTrue();
        assertThat(refused.status() & 0x4000).as("do not retry").isZero();
        place.pool.close();
        fixture.close();
    }

    @Test
    void findsItsPlaceAnewWhenALineTurnsItAway() {
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        Place first = new Place(fixture.ioLoop, true);
        Place second = new Place(fixture.ioLoop, true);
        first.empty = true;
        CoreFixture.controller(admin).place(Map.of(namespace(), first));
        int write =
                io.send(
                        CoreFixture.io(IoOpcode.WRITE, 1, 0, 1),
                        CoreFixture.BLOCK,
                        new byte[CoreFixture.BLOCK]);
        assertThat(io.completion(write)).isNull();
        CoreFixture.controller(admin).place(Map.of(namespace(), second));
        first.turnAway();
        fixture.settle();
        assertThat(io.ended(write).is(Status.SUCCESS)).isTrue();
        assertThat(first.attached).isEmpty();
        assertThat(second.attached).containsExactly(4096);
        first.pool.close();
        second.pool.close();
        fixture.close();
    }
}
