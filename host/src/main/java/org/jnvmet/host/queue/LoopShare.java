package org.jnvmet.host.queue;

import io.netty.channel.IoEventLoop;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.QueueOptions;

/**
 * An event loop, and how many I/O queues share it. Admin queues do not count: what comes on them is
 * rare, and may wait a moment. Any thread.
 */
public record LoopShare(IoEventLoop loop, AtomicInteger ioQueues) {
    /** Nobody uses it yet. */
    public LoopShare(IoEventLoop loop) {
        this(loop, new AtomicInteger());
    }

    /** A queue begins to use it. */
    public void join(QueueOptions queue) {
        if (queue.queueId() > 0) {
            ioQueues.incrementAndGet();
        }
    }

    /** A queue is gone. */
    public void leave(QueueOptions queue) {
        if (queue.queueId() > 0) {
            ioQueues.decrementAndGet();
        }
    }

    /** Whether this is an I/O queue, and the only one. */
    public boolean isAlone(QueueOptions queue) {
        return queue.queueId() > 0 && ioQueues.get() == 1;
    }
}
