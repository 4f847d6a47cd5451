package org.jnvmet.target;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * Native memory of a queue for the one command at a time that needs more than its own buffer (Compare
 * reads the medium into it). Others wait in line. A second buffer from the loop's pool would be
 * simpler, but commands that hold one buffer and wait for another can stop each other for ever.
 * Allocated at the first use, freed with the queue. Owned by the queue's loop.
 */
public final class Scratch {
    /** Bytes of the memory; larger work is done in pieces. */
    public static final int BYTES = 64 << 10;

    private static final int ALIGNMENT = 4096;

    /** Someone who may use the memory until {@link Scratch#giveBack}. */
    @FunctionalInterface
    public interface User {
        void use(Request request);
    }

    private final ArrayDeque<Request> line = new ArrayDeque<>();
    private @Nullable Arena arena;
    private MemorySegment memory = MemorySegment.NULL;
    private boolean used;

    /** Calls {@code user} now, or when those before it have given it back; bounded by the queue's entries. */
    public void use(Request request, User user) {
        line.add(request);
        serve(user);
    }

    /** The memory, for the present user. */
    public MemorySegment memory() {
        return memory;
    }

    /**
     * The present user is finished with the memory; {@code next} is the one in line. Before the
     * request ends, so that the last request of a closing queue finds the line empty.
     */
    public void giveBack(User next) {
        used = false;
        serve(next);
    }

    private void serve(User user) {
        Request first = used ? null : line.poll();
        if (first != null) {
            used = true;
            if (arena == null) {
                arena = Arena.ofShared();
                memory = arena.allocate(BYTES, ALIGNMENT);
            }
            user.use(first);
        }
    }

    /** Frees the memory; nobody uses it. */
    void close() {
        Arena open = arena;
        if (open != null) {
            arena = null;
            memory = MemorySegment.NULL;
            open.close();
        }
    }
}
