package org.jnvmet.host.offload.socket;

/**
 * How a device works.
 *
 * @param threads most threads; also the vectors of the device: more queues of a controller are of no
 *     use
 * @param spinNanos how long a thread whose queues are quiet goes on looking at them before it sleeps;
 *     a core is busy for so long
 * @param lingerMs how long a thread without queues waits for another one before it ends
 */
public record DeviceSettings(int threads, long spinNanos, long lingerMs) {
    public DeviceSettings {
        if (threads < 1 || spinNanos < 0 || lingerMs < 0) {
            throw new IllegalArgumentException(
                    "%d threads, %d ns of spinning, %d ms of lingering"
                            .formatted(threads, spinNanos, lingerMs));
        }
    }

    /** A thread for each processor, which spins for {@code spinNanos}. */
    public static DeviceSettings spinning(long spinNanos) {
        return new DeviceSettings(Runtime.getRuntime().availableProcessors(), spinNanos, 1000);
    }
}
