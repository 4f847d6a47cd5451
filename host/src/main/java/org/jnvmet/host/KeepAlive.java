package org.jnvmet.host;

import org.jnvmet.wire.admin.IdentifyController;

/**
 * Sends Keep Alive at half the time-out, until it is closed. With traffic based keep alive it looks
 * twice as often and sends nothing when other commands have completed meanwhile.
 */
final class KeepAlive implements AutoCloseable {
    /** CTRATT: Traffic Based Keep Alive Support. */
    private static final long TRAFFIC_BASED = 1 << 6;

    private final Association association;
    private final boolean trafficBased;
    private final HostRequest request;
    private final HostTimer.Task task;
    private boolean outstanding;

    /** Starts sending; a Keep Alive that fails is an error of the association's admin queue. */
    KeepAlive(Association association, int timeoutMs, HostTimer timer) {
        this.association = association;
        long attributes = association.identity().get(IdentifyController.CTRATT);
        trafficBased = (attributes & TRAFFIC_BASED) != 0;
        request = new HostRequest(AdminCommands.keepAlive(), this::onComplete).timeoutMs(timeoutMs);
        task = timer.every(Math.max(1, timeoutMs / (trafficBased ? 4 : 2)), this::send);
    }

    private void send() {
        boolean traffic = association.takeTraffic();
        synchronized (this) {
            if (outstanding || (traffic && trafficBased)) {
                return;
            }
            outstanding = true;
        }
        association.admin().submit(request);
    }

    private void onComplete(HostRequest done) {
        synchronized (this) {
            outstanding = false;
        }
        if (done.failure() == null && !done.succeeded()) {
            association.onError(
                    association.admin(),
                    new HostException(
                            "Keep Alive failed with status %04xh".formatted(done.status())));
        }
    }

    @Override
    public void close() {
        task.cancel();
    }
}
