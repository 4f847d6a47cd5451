package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.jnvmet.verbs.software.Segments.MEMORY;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.WorkRequests;

/**
 * Receives of a queue pair, or those that several share: posted by one thread, taken by the worker, and
 * free again when their completions are polled. Allocates nothing after its making.
 */
final class ReceiveRing {
    private final Worker worker;
    private final int entries;
    private final long[] ids;
    private final Segments segments;
    private final Worker.Turn turn = new Worker.Turn(this::wake);
    private final List<QueuePair> waiting = new ArrayList<>(); // the worker's
    private final AtomicLong free = new AtomicLong(); // completions that were polled
    private volatile long posted;
    private volatile boolean waitedFor;
    private long taken; // the worker's

    ReceiveRing(Worker worker, int entries, int mostSegments) {
        this.worker = worker;
        this.entries = entries;
        ids = new long[entries];
        segments = new Segments(entries, mostSegments);
    }

    /** Posts the chain; address of the first that was not taken, or 0. Fails when not even the first was. */
    long post(long first) throws VerbsException {
        long at = first;
        long next = posted;
        try {
            while (at != 0) {
                if (next - free.get() == entries) {
                    throw Errno.of(Errno.ENOMEM, "ibv_post_recv", "the queue is full");
                }
                read(at, (int) (next % entries));
                next++;
                at = MEMORY.get(JAVA_LONG_UNALIGNED, at + WorkRequests.NEXT);
            }
            return 0;
        } catch (VerbsException e) {
            if (at == first) {
                throw e;
            }
            return at;
        } finally {
            posted = next;
            if (waitedFor) {
                worker.ready(turn);
            }
        }
    }

    private void read(long at, int entry) throws VerbsException {
        int count = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.SEGMENT_COUNT);
        if (count < 0 || count > segments.most()) {
            throw Errno.of(Errno.EINVAL, "ibv_post_recv", count + " segments");
        }
        ids[entry] = MEMORY.get(JAVA_LONG_UNALIGNED, at + WorkRequests.ID);
        segments.read(entry, at, count);
    }

    boolean isEmpty() {
        return posted == taken;
    }

    /** Has a sender go on as soon as something is posted. */
    void waitFor(QueuePair sender) {
        if (!waiting.contains(sender)) {
            waiting.add(sender);
        }
        waitedFor = true;
        if (!isEmpty()) {
            worker.ready(turn);
        }
    }

    /** The next entry; the worker asks {@link #isEmpty} before. */
    int take() {
        return (int) (taken++ % entries);
    }

    long id(int entry) {
        return ids[entry];
    }

    Segments segments() {
        return segments;
    }

    /** A completion was polled. */
    void release() {
        free.incrementAndGet();
    }

    private void wake() {
        waitedFor = false;
        for (QueuePair each : waiting) {
            worker.ready(each.turn());
        }
        waiting.clear();
    }
}
