package org.jnvmet.host.offload.uring;

import java.util.Objects;
import java.util.Optional;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.linux.IoUring;
import org.jnvmet.host.linux.Sockets;
import org.jnvmet.host.offload.OffloadDevice;
import org.jnvmet.host.offload.OffloadQueue;
import org.jnvmet.host.offload.OffloadRoute;
import org.jnvmet.host.offload.socket.Connection;
import org.jnvmet.host.offload.socket.DeviceSettings;
import org.jnvmet.host.offload.socket.DeviceThread;
import org.jnvmet.host.offload.socket.DeviceThreads;
import org.jnvmet.host.offload.socket.SocketDevice;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The device {@code io_uring}: each of its threads has a ring, through which one call of the kernel
 * sends, receives and waits for all of its queues. A machine without io_uring has the device too, but
 * it claims nothing. Any thread.
 */
public final class UringDevice implements AutoCloseable {
    /** Spins for 50 microseconds: it looks at memory meanwhile, not at sockets. */
    public static final DeviceSettings DEFAULTS = DeviceSettings.spinning(50_000);

    private static final Logger LOG = LoggerFactory.getLogger(UringDevice.class);

    private final RingMemory.SetUp setUp;
    private final DeviceThreads<UringDriver> threads;
    private final OffloadDevice registration;
    private @Nullable String missing;

    public UringDevice(DeviceSettings settings) {
        this(settings, IoUring::setUp);
    }

    UringDevice(DeviceSettings settings, RingMemory.SetUp setUp) {
        this.setUp = setUp;
        threads =
                new DeviceThreads<>("io_uring", settings, wakeUp -> new UringDriver(setUp, wakeUp));
        registration =
                SocketDevice.named("io_uring", settings)
                        .claim(this::claim)
                        .createQueue(this::createQueue)
                        .drainQueue(queue -> own(queue).drain())
                        .destroyQueue(this::destroyQueue)
                        .pollQueue(UringDevice::poll)
                        .sendRequest(UringDevice::send);
    }

    /** What to register. */
    public OffloadDevice registration() {
        return registration;
    }

    /** Why this machine has no io_uring for us, in a sentence; empty when it has. Asked once. */
    public synchronized Optional<String> unavailableBecause() {
        String reason = missing;
        if (reason == null) {
            reason = RingMemory.missing(setUp);
            missing = reason;
            if (!reason.isEmpty()) {
                LOG.info("offload device io_uring is not used: {}", reason);
            }
        }
        return reason.isEmpty() ? Optional.empty() : Optional.of(reason);
    }

    private boolean claim(OffloadRoute route) {
        return unavailableBecause().isEmpty() && SocketDevice.claim(route);
    }

    private void createQueue(OffloadQueue queue) {
        Connection connection = Connection.open(queue);
        DeviceThread<UringDriver> thread;
        try {
            int result = Sockets.blocking(connection.socket(), true);
            if (result < 0) {
                throw connection.lost(result);
            }
            thread = threads.acquire(queue.options().queueId());
        } catch (RuntimeException | Error e) {
            connection.protocol().stop();
            connection.close();
            throw e;
        }
        UringQueue own = new UringQueue(connection, thread);
        queue.attach(own);
        thread.call(() -> thread.driver().add(own));
    }

    private void destroyQueue(OffloadQueue queue) {
        UringQueue own = own(queue);
        DeviceThread<UringDriver> thread = own.thread();
        thread.call(() -> thread.driver().remove(own));
        threads.release(thread, queue.options().queueId());
        own.close();
    }

    /**
     * Nothing: a ring belongs to its thread, and what arrives comes to light when that thread asks the
     * kernel. So another thread is always just doing it.
     */
    private static int poll(OffloadQueue queue) {
        return 0;
    }

    private static void send(OffloadQueue queue, HostRequest request) {
        own(queue).send(request);
    }

    private static UringQueue own(OffloadQueue queue) {
        return (UringQueue) Objects.requireNonNull(queue.attachment());
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
