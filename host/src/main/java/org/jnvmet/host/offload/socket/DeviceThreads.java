package org.jnvmet.host.offload.socket;

import java.util.ArrayList;
import java.util.List;

/**
 * The threads of a device: none without queues, and one more for each queue up to the settings' limit.
 * Any thread.
 */
public final class DeviceThreads<D extends DeviceThread.Driver> implements AutoCloseable {
    private final String device;
    private final DeviceSettings settings;
    private final DeviceThread.DriverFactory<D> factory;
    private final List<DeviceThread<D>> running = new ArrayList<>();

    /** Get no queues any more, and have not freed all that they had, perhaps. */
    private final List<DeviceThread<D>> ending = new ArrayList<>();

    private int started;
    private volatile boolean closed;

    public DeviceThreads(
            String device, DeviceSettings settings, DeviceThread.DriverFactory<D> factory) {
        this.device = device;
        this.settings = settings;
        this.factory = factory;
    }

    /**
     * A thread for a queue, until {@link #release}: the one with the fewest I/O queues. An admin queue
     * does not count, it is quiet nearly always.
     *
     * @throws org.jnvmet.host.HostException when no thread can be started
     */
    public synchronized DeviceThread<D> acquire(int queueId) {
        DeviceThread<D> best = null;
        for (DeviceThread<D> each : running) {
            if (best == null || each.ioQueues < best.ioQueues) {
                best = each;
            }
        }
        boolean another = queueId != 0 && running.size() < settings.threads();
        if (best == null || (another && best.ioQueues > 0)) {
            best = new DeviceThread<>(this, "jnvmet-" + device + "-" + started, settings, factory);
            started++;
            best.start();
            running.add(best);
        }
        best.queues++;
        best.ioQueues += queueId == 0 ? 0 : 1;
        return best;
    }

    /** A queue is gone. */
    public synchronized void release(DeviceThread<D> thread, int queueId) {
        thread.queues--;
        thread.ioQueues -= queueId == 0 ? 0 : 1;
        if (thread.queues == 0) {
            thread.wake();
        }
    }

    /** Whether the thread, which calls, ends; it gets no queue any more then. */
    synchronized boolean mayEnd(DeviceThread<D> thread, boolean lingered) {
        if (thread.queues > 0 || !(lingered || closed)) {
            return false;
        }
        running.remove(thread);
        ending.removeIf(each -> !each.isAlive());
        ending.add(thread);
        return true;
    }

    synchronized boolean used(DeviceThread<D> thread) {
        return thread.queues > 0;
    }

    boolean closed() {
        return closed;
    }

    /** Threads that have not ended. */
    public synchronized int running() {
        return running.size();
    }

    /** Has threads end without lingering, and waits for those that have no queues. */
    @Override
    public void close() {
        List<DeviceThread<D>> idle;
        synchronized (this) {
            closed = true;
            running.forEach(DeviceThread::wake);
            idle = new ArrayList<>(ending);
            running.stream().filter(each -> each.queues == 0).forEach(idle::add);
        }
        idle.forEach(DeviceThread::join);
    }
}
