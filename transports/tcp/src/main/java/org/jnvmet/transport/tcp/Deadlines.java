package org.jnvmet.transport.tcp;

import java.util.concurrent.TimeUnit;
import org.jnvmet.target.spi.Loop;
import org.jspecify.annotations.Nullable;

/**
 * Since when a peer owes us something. The loop asks now and then whether that has been too long. Owned
 * by the connection's loop.
 */
final class Deadlines {
    private final TcpSettings.TimeLimits limits;
    private final long opened;
    private long lastReceived;
    private long lastHostData;
    private long lastSent;
    private boolean sending;
    private long terminating;

    Deadlines(TcpSettings.TimeLimits limits, long now) {
        this.limits = limits;
        opened = now;
        lastReceived = now;
    }

    /** Something was received. */
    void onReceived(long now) {
        lastReceived = now;
    }

    /** Data that was asked for arrives, or is asked for after none was. */
    void onHostData(long now) {
        lastHostData = now;
    }

    /** Something was sent, or tried. */
    void onSent(Loop loop, boolean all) {
        if (all) {
            sending = false;
        } else {
            sending = true;
            lastSent = loop.nanoTime();
        }
    }

    /** C2HTermReq is on its way. */
    void onTerminating(long now) {
        terminating = now;
    }

    /** Why the connection should end, or null. */
    @Nullable String whileOpen(long now, boolean connected, boolean dataOwed, boolean midPdu) {
        if (!connected && over(now, opened, limits.connectMs())) {
            return "no successful Connect within %d ms".formatted(limits.connectMs());
        }
        if (dataOwed && over(now, lastHostData, limits.dataMs())) {
            return "the host did not send the data of an R2T for %d ms".formatted(limits.dataMs());
        }
        if (midPdu && over(now, lastReceived, limits.dataMs())) {
            return "the host did not go on within a PDU for %d ms".formatted(limits.dataMs());
        }
        if (sending && over(now, lastSent, limits.sendMs())) {
            return "the host did not take what is sent for %d ms".formatted(limits.sendMs());
        }
        return null;
    }

    /** Why the connection should end, or null. */
    @Nullable String whileTerminating(long now) {
        return over(now, terminating, limits.terminationMs())
                ? "the host did not close within %d ms of C2HTermReq"
                        .formatted(limits.terminationMs())
                : null;
    }

    private static boolean over(long now, long since, int limitMs) {
        return now - since > TimeUnit.MILLISECONDS.toNanos(limitMs);
    }
}
