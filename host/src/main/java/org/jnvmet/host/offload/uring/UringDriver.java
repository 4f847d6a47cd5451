package org.jnvmet.host.offload.uring;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jnvmet.host.HostException;
import org.jnvmet.host.offload.socket.DeviceThread;
import org.jspecify.annotations.Nullable;

/** Serves the queues of a thread by way of a ring. */
final class UringDriver implements DeviceThread.Driver {
    private static final int ENTRIES = 256;

    /** Twice what fits into the other ring; what does not fit here waits in the kernel. */
    private static final int COMPLETIONS = 512;

    private static final long WAKE_UP = -1;
    private static final long FOREVER_NANOS = TimeUnit.HOURS.toNanos(1);

    private final int wakeUp;
    private final Ring ring;
    private final Ring.Completions completions = this::onCompletion;

    /** By their numbers. */
    private final List<@Nullable UringQueue> queues = new ArrayList<>();

    private boolean watchingWakeUp;

    /**
     * Sets the ring up.
     *
     * @throws RingUnavailableException when there is none to be had
     */
    UringDriver(RingMemory.SetUp setUp, int wakeUp) {
        this.wakeUp = wakeUp;
        ring = new Ring(new RingMemory(setUp, ENTRIES, COMPLETIONS));
    }

    void add(UringQueue queue) {
        int number = queues.indexOf(null);
        if (number < 0) {
            number = queues.size();
            queues.add(queue);
        } else {
            queues.set(number, queue);
        }
        queue.number(number);
    }

    /** Nothing of it is in flight. */
    void remove(UringQueue queue) {
        queues.set(queues.indexOf(queue), null);
    }

    @Override
    public boolean work() {
        boolean traffic = submit();
        if (ring.pending() > 0 || ring.wantsEnter()) {
            ring.enter();
        }
        return ring.reap(completions) > 0 || traffic;
    }

    private boolean submit() {
        boolean traffic = false;
        for (int i = 0; i < queues.size(); i++) {
            UringQueue queue = queues.get(i);
            if (queue != null) {
                if (ring.room() < UringQueue.SUBMISSIONS) {
                    ring.enter();
                }
                if (ring.room() < UringQueue.SUBMISSIONS) {
                    return true; // the kernel wants its completions to be taken first
                }
                traffic |= queue.submit(ring);
            }
        }
        return traffic;
    }

    private void onCompletion(long tag, int result, int flags) {
        if (tag == WAKE_UP) {
            watchingWakeUp = false;
            return;
        }
        UringQueue queue = queues.get(UringQueue.numberOf(tag));
        if (queue != null) {
            queue.onCompletion(tag, result, flags);
        }
    }

    @Override
    public void sleep(long timeoutMs) {
        if (!watchingWakeUp && ring.room() > 0) {
            watchingWakeUp = true;
            ring.awaitReadable(wakeUp, WAKE_UP);
        }
        if (!watchingWakeUp) {
            return;
        }
        ring.enterAndWait(timeoutMs < 0 ? FOREVER_NANOS : TimeUnit.MILLISECONDS.toNanos(timeoutMs));
    }

    @Override
    public void fail(HostException reason) {
        for (UringQueue queue : queues) {
            if (queue != null) {
                queue.fail(reason);
            }
        }
    }

    @Override
    public void close() {
        ring.close();
    }
}
