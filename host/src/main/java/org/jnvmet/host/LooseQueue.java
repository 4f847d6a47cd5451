package org.jnvmet.host;

import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.Route;

/**
 * A queue that belongs to no controller: nothing has been sent on it, not even Connect. For whoever
 * wants to speak to a controller without the manners of {@link HostController}.
 */
public final class LooseQueue implements AutoCloseable {
    private final HostTimer timer = new SystemTimer();
    private final ControllerLink link;
    private final HostQueue queue;
    private final HostTimer.Task deadlineCheck;

    /**
     * Opens the queue's connection.
     *
     * @param timeoutMs time limit of a command; when one exceeds it, the connection is given up
     * @throws HostException when there is no connection to be had
     */
    public LooseQueue(Route route, QueueOptions options, long timeoutMs) {
        link = route.setUpController();
        try {
            queue =
                    HostQueue.create(
                            link, options, route.maxSegments(), timeoutMs, new Responsible());
        } catch (RuntimeException e) {
            link.release();
            timer.close();
            throw e;
        }
        deadlineCheck =
                timer.every(
                        Math.clamp(timeoutMs / 4, 1, 500),
                        () -> queue.checkDeadlines(timer.nowMs(), this::onOverdue));
    }

    public HostQueue queue() {
        return queue;
    }

    private void onOverdue(HostQueue late, HostRequest request, int times) {
        late.drain(new HostException("%s: %s takes too long".formatted(late, request.name())));
    }

    /** Drops the connection; outstanding commands fail. */
    @Override
    public void close() {
        deadlineCheck.cancel();
        queue.drain(new HostException(queue + ": closed by the host"));
        queue.destroy();
        link.release();
        timer.close();
    }

    private final class Responsible implements HostQueue.Owner {
        @Override
        public void onError(HostQueue failed, HostException reason) {
            HostTimer.Task _ = timer.after(0, () -> failed.drain(reason));
        }

        @Override
        public long nowMs() {
            return timer.nowMs();
        }
    }
}
