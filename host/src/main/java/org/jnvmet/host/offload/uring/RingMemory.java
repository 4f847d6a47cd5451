package org.jnvmet.host.offload.uring;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.IoUring;
import org.jnvmet.host.linux.Sockets;

/** A ring's descriptor, its memory shared with the kernel, and where in it everything is. */
final class RingMemory implements AutoCloseable {
    /** io_uring_setup, or what a test has in its place. */
    @FunctionalInterface
    interface SetUp {
        /** The ring's descriptor, or an errno negated. */
        int apply(int entries, MemorySegment parameters);
    }

    static final int SQE_BYTES = 64;
    static final int CQE_BYTES = 16;

    // struct io_uring_params
    private static final int PARAMETERS_BYTES = 120;
    private static final int SQ_ENTRIES = 0;
    private static final int CQ_ENTRIES = 4;
    private static final int FLAGS = 8;
    private static final int FEATURES = 20;
    private static final int SQ_OFFSETS = 40;
    private static final int CQ_OFFSETS = 80;

    // struct io_sqring_offsets and struct io_cqring_offsets
    private static final int HEAD = 0;
    private static final int TAIL = 4;
    private static final int SQ_FLAGS = 16;
    private static final int SQ_ARRAY = 24;
    private static final int CQ_CQES = 20;

    private static final int CQSIZE = 1 << 3;
    private static final int COOP_TASKRUN = 1 << 8;
    private static final int TASKRUN_FLAG = 1 << 9;
    private static final int SINGLE_ISSUER = 1 << 12;
    private static final int DEFER_TASKRUN = 1 << 13;

    /** From what Linux 6.1 can to what 5.11 can; a kernel refuses the flags that it does not know. */
    private static final int[] MODES = {
        SINGLE_ISSUER | DEFER_TASKRUN | TASKRUN_FLAG, COOP_TASKRUN | TASKRUN_FLAG, 0,
    };

    /** One mapping for both rings, no completion lost, waiting with a time limit: Linux 5.11. */
    private static final int NEEDED_FEATURES = 1 | 1 << 1 | 1 << 8;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment parameters = arena.allocate(PARAMETERS_BYTES, Long.BYTES);
    private final int descriptor;
    private final int mode;
    private final MemorySegment rings;
    private final MemorySegment sqes;

    /**
     * Sets a ring up and maps it.
     *
     * @throws RingUnavailableException when that cannot be had
     */
    RingMemory(SetUp setUp, int entries, int completions) {
        int fd = -Errno.EINVAL;
        int accepted = 0;
        for (int i = 0; i < MODES.length && fd == -Errno.EINVAL; i++) {
            accepted = MODES[i];
            parameters.fill((byte) 0);
            parameters.set(JAVA_INT, FLAGS, accepted | CQSIZE);
            parameters.set(JAVA_INT, CQ_ENTRIES, completions);
            fd = setUp.apply(entries, parameters);
        }
        if (fd < 0) {
            arena.close();
            throw RingUnavailableException.because(-fd);
        }
        descriptor = fd;
        mode = accepted;
        if ((parameters.get(JAVA_INT, FEATURES) & NEEDED_FEATURES) != NEEDED_FEATURES) {
            giveUp();
            throw new RingUnavailableException("io_uring of this kernel is too old: it takes 5.11");
        }
        long ringBytes =
                Math.max(
                        sqArray() + (long) sqEntries() * Integer.BYTES,
                        cqes() + (long) parameters.get(JAVA_INT, CQ_ENTRIES) * CQE_BYTES);
        rings = map(ringBytes, IoUring.OFFSET_SQ_RING);
        sqes = map((long) sqEntries() * SQE_BYTES, IoUring.OFFSET_SQES);
        // Submission n always stands in entry n modulo the entries: the indirection is of no use
        // here.
        for (int i = 0; i < sqEntries(); i++) {
            rings.set(JAVA_INT, sqArray() + (long) i * Integer.BYTES, i);
        }
    }

    /** Why there is no ring to be had; empty when there is. */
    static String missing(SetUp setUp) {
        try (RingMemory _ = new RingMemory(setUp, 2, 4)) {
            return "";
        } catch (RingUnavailableException e) {
            return String.valueOf(e.getMessage());
        }
    }

    private MemorySegment map(long bytes, long offset) {
        long address = IoUring.map(descriptor, bytes, offset);
        if (address < 0) {
            giveUp();
            throw RingUnavailableException.because((int) -address);
        }
        return IoUring.segment(address, bytes, arena);
    }

    private void giveUp() {
        arena.close();
        int _ = Sockets.close(descriptor);
    }

    int descriptor() {
        return descriptor;
    }

    /** Whether the kernel knows what came with Linux 5.19. */
    boolean cooperative() {
        return mode != 0;
    }

    /** Both rings. */
    MemorySegment rings() {
        return rings;
    }

    /** The submission queue entries. */
    MemorySegment sqes() {
        return sqes;
    }

    int sqEntries() {
        return parameters.get(JAVA_INT, SQ_ENTRIES);
    }

    int cqEntries() {
        return parameters.get(JAVA_INT, CQ_ENTRIES);
    }

    long sqHead() {
        return offset(SQ_OFFSETS + HEAD);
    }

    long sqTail() {
        return offset(SQ_OFFSETS + TAIL);
    }

    long sqFlags() {
        return offset(SQ_OFFSETS + SQ_FLAGS);
    }

    private long sqArray() {
        return offset(SQ_OFFSETS + SQ_ARRAY);
    }

    long cqHead() {
        return offset(CQ_OFFSETS + HEAD);
    }

    long cqTail() {
        return offset(CQ_OFFSETS + TAIL);
    }

    long cqes() {
        return offset(CQ_OFFSETS + CQ_CQES);
    }

    private long offset(int at) {
        return Integer.toUnsignedLong(parameters.get(JAVA_INT, at));
    }

    /** Memory of the thread that made it, and gone when it is closed. */
    MemorySegment allocate(long bytes) {
        return arena.allocate(bytes, Long.BYTES);
    }

    /** Gives mappings and descriptor back. Nothing may be in flight that has an address of memory. */
    @Override
    public void close() {
        giveUp();
    }
}
