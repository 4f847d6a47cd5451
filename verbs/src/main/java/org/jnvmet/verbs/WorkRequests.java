package org.jnvmet.verbs;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Chains of {@code struct ibv_send_wr} or {@code struct ibv_recv_wr} with their {@code struct ibv_sge}, as
 * libibverbs (stable since its first release) lays them out on 64-bit machines. Owned by one thread at a
 * time.
 */
public final class WorkRequests {
    /** Bytes of {@code struct ibv_send_wr}. */
    public static final int SEND_BYTES = 128;

    /** Bytes of {@code struct ibv_recv_wr}. */
    public static final int RECEIVE_BYTES = 32;

    /** Bytes of {@code struct ibv_sge}. */
    public static final int SEGMENT_BYTES = 16;

    // Both structures begin alike.
    public static final int ID = 0;
    public static final int NEXT = 8;
    public static final int SEGMENTS = 16;
    public static final int SEGMENT_COUNT = 24;

    // struct ibv_send_wr.
    public static final int OPCODE = 28;
    public static final int FLAGS = 32;
    public static final int INVALIDATED_KEY = 36;
    public static final int REMOTE_ADDRESS = 40;
    public static final int REMOTE_KEY = 48;

    // struct ibv_sge.
    public static final int SEGMENT_ADDRESS = 0;
    public static final int SEGMENT_LENGTH = 8;
    public static final int SEGMENT_KEY = 12;

    private final Arena arena = Arena.ofShared();
    private final int stride;
    private final int capacity;
    private final int segments;
    private final MemorySegment memory;
    private final long segmentsBase;
    private int count;

    /** @param requestBytes {@link #SEND_BYTES} or {@link #RECEIVE_BYTES} */
    WorkRequests(int requestBytes, int capacity, int segments) {
        if (capacity < 1 || segments < 0) {
            throw new IllegalArgumentException(
                    "%d work requests of %d segments".formatted(capacity, segments));
        }
        this.stride = requestBytes;
        this.capacity = capacity;
        this.segments = segments;
        segmentsBase = (long) capacity * requestBytes;
        memory = arena.allocate(segmentsBase + (long) capacity * segments * SEGMENT_BYTES, 64);
        for (int i = 0; i < capacity; i++) {
            putLong(i, SEGMENTS, memory.address() + segmentAt(i, 0));
        }
    }

    int capacity() {
        return capacity;
    }

    int count() {
        return count;
    }

    void clear() {
        count = 0;
    }

    /** Appends one without segments; its position. */
    int add(long id) {
        if (count == capacity) {
            throw new IllegalStateException("all " + capacity + " work requests are in use");
        }
        int at = count++;
        putLong(at, ID, id);
        putLong(at, NEXT, 0);
        putInt(at, SEGMENT_COUNT, 0);
        if (at > 0) {
            putLong(at - 1, NEXT, memory.address() + (long) at * stride);
        }
        return at;
    }

    void addSegment(int at, long address, int bytes, int key) {
        int used = getInt(at, SEGMENT_COUNT);
        if (used == segments) {
            throw new IllegalStateException("all " + segments + " segments are in use");
        }
        long segment = segmentAt(at, used);
        memory.set(JAVA_LONG_UNALIGNED, segment + SEGMENT_ADDRESS, address);
        memory.set(JAVA_INT_UNALIGNED, segment + SEGMENT_LENGTH, bytes);
        memory.set(JAVA_INT_UNALIGNED, segment + SEGMENT_KEY, key);
        putInt(at, SEGMENT_COUNT, used + 1);
    }

    /** Changes a field of one segment. */
    void segment(int at, int segment, int field, long value) {
        long place = segmentAt(checked(at), segment) + field;
        if (field == SEGMENT_ADDRESS) {
            memory.set(JAVA_LONG_UNALIGNED, place, value);
        } else {
            memory.set(JAVA_INT_UNALIGNED, place, (int) value);
        }
    }

    long segment(int at, int segment, int field) {
        long place = segmentAt(checked(at), segment) + field;
        return field == SEGMENT_ADDRESS
                ? memory.get(JAVA_LONG_UNALIGNED, place)
                : memory.get(JAVA_INT_UNALIGNED, place);
    }

    void putLong(int at, int field, long value) {
        memory.set(JAVA_LONG_UNALIGNED, (long) at * stride + field, value);
    }

    void putInt(int at, int field, int value) {
        memory.set(JAVA_INT_UNALIGNED, (long) at * stride + field, value);
    }

    long getLong(int at, int field) {
        return memory.get(JAVA_LONG_UNALIGNED, (long) checked(at) * stride + field);
    }

    int getInt(int at, int field) {
        return memory.get(JAVA_INT_UNALIGNED, (long) checked(at) * stride + field);
    }

    /** Address of the first. */
    long address() {
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the call is freed");
        }
        return memory.address();
    }

    /** How many lie before that one; all when it is 0. */
    int before(long address) {
        return address == 0 ? count : (int) ((address - memory.address()) / stride);
    }

    void free() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }

    boolean isAlive() {
        return arena.scope().isAlive();
    }

    private int checked(int at) {
        if (at < 0 || at >= count) {
            throw new IndexOutOfBoundsException("work request " + at + " of " + count);
        }
        return at;
    }

    private long segmentAt(int at, int segment) {
        return segmentsBase + ((long) at * segments + segment) * SEGMENT_BYTES;
    }
}
