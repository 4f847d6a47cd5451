package org.jnvmet.host.rdma;

import io.netty.channel.IoEventLoop;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.queue.LoopShare;
import org.jnvmet.host.queue.Ownership;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.verbs.ReadableDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * One queue's connection, of which the device tells an event loop. The queue is owned by whoever has
 * entered, as {@link Ownership} says: as a rule the loop.
 *
 * <p>The completion queue is armed only while commands are outstanding, at the end of a turn that found
 * nothing more: a loop that has its queue to itself takes most responses without being told.
 */
final class RdmaChannel implements QueueChannel {
    /** Batches of completions in a row before the other queues of the loop have their turn. */
    private static final int BATCHES = 8;

    /** The same where there is no other queue. */
    private static final int BATCHES_ALONE = 128;

    /** How long a queue that has its loop to itself looks for completions before the loop sleeps. */
    private static final long SPIN_NANOS = 50_000;

    private final RdmaConnection connection;
    private final RdmaQueue queue;
    private final LoopShare share;
    private final IoEventLoop loop;
    private final Ownership ownership = new Ownership();
    private final Runnable work = this::work;
    private final ReadableDescriptor completionWatch;
    private final ReadableDescriptor eventWatch;

    /** The device will tell of the next completion; the owner's. */
    private boolean armed;

    /** It has told. */
    private volatile boolean told;

    /** Why there is no connection any more, as the connection manager says. */
    private volatile @Nullable HostException lost;

    private RdmaChannel(RdmaConnection connection, RdmaQueue queue, LoopShare share) {
        this.connection = connection;
        this.queue = queue;
        this.share = share;
        loop = share.loop();
        completionWatch =
                new ReadableDescriptor(connection.completionDescriptor(), this::onCompletionEvent);
        eventWatch = new ReadableDescriptor(connection.eventDescriptor(), this::onConnectionEvent);
    }

    /**
     * Connects; blocks up to the connection's time limit.
     *
     * @throws HostException when that fails; everything is closed again then
     */
    static RdmaChannel open(
            RdmaConnection connection,
            RdmaSettings settings,
            LoopShare share,
            QueueOptions options,
            QueueEvents events) {
        RdmaChannel channel;
        try {
            connection.findDevice();
            RdmaQueue queue = new RdmaQueue(connection, settings, options, events);
            connection.connect();
            channel = new RdmaChannel(connection, queue, share);
        } catch (RuntimeException e) {
            connection.close();
            throw e;
        }
        share.join(options);
        try {
            CompletableFuture.runAsync(channel::watch, channel.loop).join();
            return channel;
        } catch (CompletionException | RejectedExecutionException e) {
            channel.drain();
            channel.destroy();
            throw new HostException(connection + ": " + e.getMessage(), e);
        }
    }

    private void watch() {
        ReadableDescriptor _ = completionWatch.register(loop);
        ReadableDescriptor _ = eventWatch.register(loop);
    }

    private void unwatch() {
        completionWatch.close();
        eventWatch.close();
    }

    // ---- requests

    @Override
    public void send(HostRequest request) {
        if (ownership.isMine()) {
            queue.send(request); // goes out when this turn ends
        } else if (queue.offer(request)) {
            wakeOrSend();
        }
    }

    /** A request that is alone goes out at once: waking the loop would take longer than to send it. */
    private void wakeOrSend() {
        if (!queue.idle()) {
            loop.execute(work);
        } else if (ownership.enter()) {
            try {
                noticeEvents();
                if (queue.idle()) {
                    arm(); // nothing can complete before this, so nothing is missed
                }
                queue.takeOffered();
                queue.flush();
                if (!armed || queue.hasRefused()) {
                    loop.execute(work);
                }
            } finally {
                leave();
            }
        }
    }

    @Override
    public int poll() {
        if (!ownership.enter()) {
            return 0;
        }
        long before = queue.completed();
        try {
            turn();
            return (int) (queue.completed() - before);
        } finally {
            leave();
        }
    }

    private void leave() {
        if (ownership.leave()) {
            loop.execute(work);
        }
    }

    // ---- turns

    private void work() {
        if (ownership.enter()) {
            try {
                turn();
            } finally {
                leave();
            }
        }
    }

    /** On the loop, whoever owns the queue: the descriptor would be readable for ever. */
    private void onCompletionEvent() {
        try {
            connection.takeCompletionEvent();
        } catch (IOException e) {
            completionWatch.close();
            lost = new HostException(queue + ": " + Reasons.of(e), e);
        }
        told = true;
        work();
    }

    private void onConnectionEvent() {
        try {
            Optional<String> end = connection.takeEnd();
            if (end.isEmpty()) {
                return;
            }
            lost = new HostException(queue + ": " + end.get());
        } catch (IOException e) {
            eventWatch.close();
            lost = new HostException(queue + ": " + Reasons.of(e), e);
        }
        work();
    }

    private void noticeEvents() {
        if (told) {
            told = false; // before it is armed again, after which it may be told again
            armed = false;
        }
        HostException reason = lost;
        if (reason != null) {
            queue.fail(reason);
        }
    }

    private void arm() {
        if (!armed) {
            armed = true;
            queue.arm();
        }
    }

    /** Takes what others offered, and what has completed, and sends what there is to send. */
    private void turn() {
        boolean alone = share.isAlone(queue.options());
        int left = alone ? BATCHES_ALONE : BATCHES;
        long quietSince = 0;
        noticeEvents();
        while (!ownership.isEnding()) {
            queue.takeOffered();
            boolean some = queue.receive();
            queue.endRefused();
            queue.flush();
            if (some) {
                left--;
                quietSince = 0;
                if (left == 0) {
                    loop.execute(work);
                    return;
                }
            } else if (queue.idle()) {
                break;
            } else if (alone && quietSince == 0) {
                quietSince = System.nanoTime();
            } else if (alone && System.nanoTime() - quietSince < SPIN_NANOS) {
                Thread.onSpinWait();
            } else if (armed) {
                break;
            } else {
                arm(); // and look once more: of what is there already nobody tells
            }
        }
        if (queue.hasRefused()) {
            loop.execute(work);
        }
    }

    // ---- the end

    /** From now on the device may still fill the queue's own memory, but nobody copies from it. */
    @Override
    public void drain() {
        if (ownership.isMine()) {
            throw new IllegalStateException(queue + " is drained from within its own completion");
        }
        ownership.end();
        queue.stop();
    }

    @Override
    public void destroy() {
        if (loop.inEventLoop()) {
            unwatch();
        } else {
            try {
                CompletableFuture.runAsync(this::unwatch, loop).join();
            } catch (RejectedExecutionException e) {
                // The loop has ended, and watches nothing.
            }
        }
        connection.close();
        share.leave(queue.options());
    }
}
