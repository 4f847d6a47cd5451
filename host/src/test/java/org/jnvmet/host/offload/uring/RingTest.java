package org.jnvmet.host.offload.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.EventFd;
import org.jnvmet.host.linux.IoUring;
import org.jnvmet.host.linux.Sockets;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class RingTest {
    private static final long LIMIT_NANOS = 20_000_000_000L;
    private static final Ring.Completions NONE =
            (tag, _, _) -> {
                throw new AssertionError("a completion of " + tag);
            };

    @BeforeEach
    void needIoUring() {
        String missing = RingMemory.missing(IoUring::setUp);
        assumeTrue(missing.isEmpty(), missing);
    }

    private static Ring ring(int entries, int completions) {
        return new Ring(new RingMemory(IoUring::setUp, entries, completions));
    }

    @Test
    void bringsEveryTagBackInOrderManyTimesAroundTheRings() {
        List<Long> tags = new ArrayList<>();
        try (Ring ring = ring(8, 8)) {
            long next = 0;
            for (int round = 0; round < 1000; round++) {
                for (int i = 0; i <= round % 8; i++) {
                    ring.nothing(next++);
                }
                ring.enter();
                assertThat(ring.pending()).isZero();
                ring.reap((tag, result, _) -> tags.add(result == 0 ? tag : -1));
            }
            for (int i = 0; i < next; i++) {
                assertThat(tags.get(i)).isEqualTo(i);
            }
            assertThat(tags).hasSize((int) next);
        }
    }

    @Test
    void countsTheRoomThatIsLeft() {
        try (Ring ring = ring(4, 8)) {
            assertThat(ring.room()).isEqualTo(4);
            for (int left = 3; left >= 0; left--) {
                ring.nothing(1);
                assertThat(ring.room()).isEqualTo(left);
            }
            assertThat(ring.reap(NONE)).isZero();
            ring.enter();
            assertThat(ring.room()).isEqualTo(4);
            assertThat(ring.reap((_, _, _) -> {})).isEqualTo(4);
        }
    }

    @Test
    void losesNothingWhenTheCompletionsOverflow() {
        List<Long> tags = new ArrayList<>();
        try (Ring ring = ring(4, 4)) {
            for (long tag = 0; tag < 64; ) {
                for (int room = ring.room(); room > 0; room--) {
                    ring.nothing(tag++);
                }
                ring.enter();
            }
            assertThat(ring.wantsEnter()).isTrue();
            while (ring.pending() > 0 || ring.wantsEnter() || tags.size() < 64) {
                ring.reap((tag, _, _) -> tags.add(tag));
                ring.enter();
            }
        }
        assertThat(tags).hasSize(64).doesNotHaveDuplicates();
    }

    @Test
    void waitsForAnEventButNotForEver() {
        List<Long> tags = new ArrayList<>();
        try (Ring ring = ring(4, 8);
                EventFd event = new EventFd()) {
            ring.awaitReadable(event.descriptor(), 7);
            ring.enterAndWait(1000);
            assertThat(ring.reap(NONE)).isZero();
            Thread.ofPlatform().start(event::signal);
            while (tags.isEmpty()) {
                ring.enterAndWait(LIMIT_NANOS);
                ring.reap((tag, _, _) -> tags.add(tag));
            }
            assertThat(tags).containsExactly(7L);
        }
    }

    @Test
    void receivesAndCancels() throws Exception {
        List<String> seen = new ArrayList<>();
        Ring.Completions completions = (tag, result, _) -> seen.add(tag + ": " + result);
        try (Arena arena = Arena.ofShared();
                ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                Ring ring = ring(4, 8)) {
            int socket = Sockets.open(listener.getInetAddress());
            int _ = Sockets.connect(socket, (InetSocketAddress) listener.getLocalSocketAddress());
            assertThat(Sockets.awaitConnected(socket, 20_000)).isZero();
            assertThat(Sockets.blocking(socket, true)).isZero();
            MemorySegment memory = arena.allocate(16);
            try (Socket peer = listener.accept()) {
                ring.receive(socket, memory.address(), 16, false, 1);
                ring.enter();
                assertThat(ring.reap(NONE)).isZero();
                peer.getOutputStream().write(42);
                ring.enterAndWait(LIMIT_NANOS);
                ring.reap(completions);
                assertThat(seen).containsExactly("1: 1");
                assertThat(memory.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 42);

                ring.receive(socket, memory.address(), 16, ring.canWaitFirst(), 2);
                ring.cancel(2, 3);
                while (seen.size() < 3) {
                    ring.enterAndWait(LIMIT_NANOS);
                    ring.reap(completions);
                }
                assertThat(seen).contains("2: " + -Errno.ECANCELED, "3: 0");
            }
            assertThat(Sockets.close(socket)).isZero();
        }
    }

    @Test
    void fallsBackToWhatAnOlderKernelKnows() {
        List<Integer> refused = new ArrayList<>();
        RingMemory.SetUp old =
                (entries, parameters) -> {
                    int flags = parameters.get(ValueLayout.JAVA_INT, 8);
                    if (flags != 1 << 3) {
                        refused.add(flags);
                        return -Errno.EINVAL;
                    }
                    return IoUring.setUp(entries, parameters);
                };
        try (Ring ring = new Ring(new RingMemory(old, 4, 8))) {
            assertThat(refused).hasSize(2);
            assertThat(ring.canWaitFirst()).isFalse();
            ring.nothing(5);
            ring.enterAndWait(LIMIT_NANOS);
            assertThat(ring.reap((tag, _, _) -> assertThat(tag).isEqualTo(5))).isEqualTo(1);
        }
    }

    @Test
    void saysInOneSentenceWhyThereIsNone() {
        assertThatThrownBy(() -> new RingMemory((_, _) -> -Errno.ENOSYS, 4, 8))
                .hasMessage("this kernel has no io_uring");
        assertThatThrownBy(() -> new RingMemory((_, _) -> -Errno.EPERM, 4, 8))
                .hasMessageContaining("kernel.io_uring_disabled");
        assertThatThrownBy(() -> new RingMemory((_, _) -> -Errno.EMFILE, 4, 8))
                .hasMessageContaining("Too many open files");
    }

    @Test
    void refusesARingThatLosesCompletionsAndClosesIt() throws IOException {
        RingMemory.SetUp ancient =
                (entries, parameters) -> {
                    int descriptor = IoUring.setUp(entries, parameters);
                    parameters.set(ValueLayout.JAVA_INT, 20, 1);
                    return descriptor;
                };
        long open = openRings();
        assertThatThrownBy(() -> new RingMemory(ancient, 4, 8)).hasMessageContaining("5.11");
        assertThat(openRings()).isEqualTo(open);
    }

    @Test
    void closingGivesDescriptorAndMappingsBack() throws IOException {
        long open = openRings();
        long mapped = mappedRings();
        try (Ring _ = ring(4, 8)) {
            assertThat(openRings()).isEqualTo(open + 1);
            assertThat(mappedRings()).isEqualTo(mapped + 2);
        }
        assertThat(openRings()).isEqualTo(open);
        assertThat(mappedRings()).isEqualTo(mapped);
    }

    private static long openRings() throws IOException {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.filter(RingTest::isRing).count();
        }
    }

    private static boolean isRing(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString().contains("io_uring");
        } catch (IOException e) {
            return false;
        }
    }

    private static long mappedRings() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/maps")).stream()
                .filter(line -> line.contains("io_uring"))
                .count();
    }
}
