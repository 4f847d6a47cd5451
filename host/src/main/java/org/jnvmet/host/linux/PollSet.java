package org.jnvmet.host.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Descriptors to wait for with poll(2), in the order they were added. Used by one thread. */
public final class PollSet implements AutoCloseable {
    public static final int IN = 0x001;
    public static final int OUT = 0x004;

    private static final int ENTRY_BYTES = 8;
    private static final int EVENTS = 4;
    private static final int RETURNED = 6;
    private static final MethodHandle POLL =
            Linux.function("poll", JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT);

    private Arena arena = Arena.ofShared();
    private MemorySegment entries = arena.allocate(16L * ENTRY_BYTES, ENTRY_BYTES);
    private int count;

    /** Forgets all descriptors. */
    public void clear() {
        count = 0;
    }

    /**
     * Adds a descriptor; errors and hang-ups are waited for in any case.
     *
     * @param events {@link #IN}, {@link #OUT} or both
     */
    public void add(int descriptor, int events) {
        if ((long) (count + 1) * ENTRY_BYTES > entries.byteSize()) {
            grow();
        }
        long at = (long) count * ENTRY_BYTES;
        entries.set(JAVA_INT, at, descriptor);
        entries.set(JAVA_SHORT, at + EVENTS, (short) events);
        entries.set(JAVA_SHORT, at + RETURNED, (short) 0);
        count++;
    }

    private void grow() {
        Arena larger = Arena.ofShared();
        MemorySegment copy = larger.allocate(entries.byteSize() * 2, ENTRY_BYTES);
        copy.copyFrom(entries);
        arena.close();
        arena = larger;
        entries = copy;
    }

    /** Whether anything has happened to the descriptor added as number {@code index}, from 0. */
    public boolean ready(int index) {
        return entries.get(JAVA_SHORT, (long) index * ENTRY_BYTES + RETURNED) != 0;
    }

    /**
     * Waits until something happens to one of them.
     *
     * @param timeoutMs negative to wait for ever
     * @return how many are ready; 0 when the time is over, or a signal came early
     */
    public int await(long timeoutMs) {
        MemorySegment scratch = Linux.scratch();
        int timeout = Math.clamp(timeoutMs, -1, Integer.MAX_VALUE);
        try {
            int result = (int) POLL.invokeExact(scratch, entries.address(), (long) count, timeout);
            result = Linux.answer(result, scratch);
            return result == -Errno.EINTR ? 0 : result;
        } catch (Throwable e) {
            throw Linux.unexpected("poll", e);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
