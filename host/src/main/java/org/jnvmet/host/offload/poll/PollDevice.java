package org.jnvmet.host.offload.poll;

import java.util.Objects;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadQueue;
import org.jnvmet.host.offload.socket.Connection;
import org.jnvmet.host.offload.socket.DeviceSettings;
import org.jnvmet.host.offload.socket.DeviceThread;
import org.jnvmet.host.offload.socket.DeviceThreads;
import org.jnvmet.host.offload.socket.SocketDevice;

/**
 * The device {@code poll}: its threads look at their sockets all the time while there is traffic, so
 * that nothing has to be woken between a command and its completion; when all of a thread's queues have
 * been quiet for a while it sleeps, and an idle host costs no processor. Any thread.
 */
public final class PollDevice implements AutoCloseable {
    /** Spins for a millisecond. */
    public static final DeviceSettings DEFAULTS = DeviceSettings.spinning(1_000_000);

    private final DeviceThreads<PollDriver> threads;
    private final OffloadDevice registration;

    public PollDevice(DeviceSettings settings) {
        threads = new DeviceThreads<>("poll", settings, PollDriver::new);
        registration =
                SocketDevice.named("poll", settings)
                        .createQueue(this::createQueue)
                        .drainQueue(queue -> own(queue).drain())
                        .destroyQueue(this::destroyQueue)
                        .pollQueue(queue -> own(queue).poll())
                        .sendRequest(PollDevice::send);
    }

    /** What to register. */
    public OffloadDevice registration() {
        return registration;
    }

    private void createQueue(OffloadQueue queue) {
        Connection connection = Connection.open(queue);
        DeviceThread<PollDriver> thread;
        try {
            thread = threads.acquire(queue.options().queueId());
        } catch (RuntimeException | Error e) {
            connection.protocol().stop();
            connection.close();
            throw e;
        }
        PollQueue own = new PollQueue(connection, thread);
        queue.attach(own);
        thread.call(() -> thread.driver().add(own));
    }

    private void destroyQueue(OffloadQueue queue) {
        PollQueue own = own(queue);
        DeviceThread<PollDriver> thread = own.thread();
        thread.call(() -> thread.driver().remove(own));
        threads.release(thread, queue.options().queueId());
        own.close();
    }

    private static void send(OffloadQueue queue, HostRequest request) {
        own(queue).send(request);
    }

    private static PollQueue own(OffloadQueue queue) {
        return (PollQueue) Objects.requireNonNull(queue.attachment());
    }

    /** Threads that have not ended. */
    int runningThreads() {
        return threads.running();
    }

    /** Ends the threads; all queues are destroyed. */
    @Override
    public void close() {
        threads.close();
    }
}
