package org.jnvmet.host;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Sends Keep Alive at half the time-out until it is closed or the controller does not answer. */
final class KeepAlive implements AutoCloseable {
    private final CountDownLatch closed = new CountDownLatch(1);

    /** Starts sending. {@code failed} is run once when a Keep Alive fails. */
    KeepAlive(HostQueue admin, int timeoutMs, Runnable failed) {
        long periodMs = Math.max(1, timeoutMs / 2);
        Thread.ofVirtual().name("jnvmet-host-keep-alive").start(() -> run(admin, periodMs, failed));
    }

    private void run(HostQueue admin, long periodMs, Runnable failed) {
        try {
            while (!closed.await(periodMs, TimeUnit.MILLISECONDS)) {
                if (!admin.execute(AdminCommands.keepAlive()).succeeded()) {
                    failed.run();
                    return;
                }
            }
        } catch (HostException e) {
            failed.run();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        closed.countDown();
    }
}
