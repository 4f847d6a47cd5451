package org.jnvmet.target;

import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.admin.HostBehavior;

/**
 * What a host says that it can do (Base, Host Behavior Support feature); forgotten when the controller is
 * reset. Written by the admin queue's loop, read by those of the I/O queues.
 */
public final class HostBehaviorSupport {
    /** Copy formats that wait for the host to enable them, as bits of CDFE: 2h and 3h. */
    private static final int COPY_FORMATS = 1 << 2 | 1 << 3;

    private volatile int advancedRetry;
    private volatile int copyFormats;

    /** Whether the host may use source ranges of that format, 0 to 15. */
    public boolean enablesCopyFormat(int format) {
        return format < CopyCommand.FORMATS
                && (!CopyCommand.namesNamespaces(format) || (copyFormats & 1 << format) != 0);
    }

    /** Takes the host's values. False: one of them asks for what is not there, and nothing has changed. */
    public boolean set(HostBehavior data) {
        int retry = data.getInt(HostBehavior.ACRE);
        int formats = data.getInt(HostBehavior.CDFE);
        if (retry > 1
                || data.getInt(HostBehavior.ETDAS) != 0
                || data.getInt(HostBehavior.LBAFEE) != 0
                || data.getInt(HostBehavior.HDISNS) != 0
                || (formats & ~COPY_FORMATS) != 0) {
            return false;
        }
        advancedRetry = retry;
        copyFormats = formats;
        return true;
    }

    /** Writes the values into zeroed memory. */
    public void copyTo(HostBehavior data) {
        data.set(HostBehavior.ACRE, advancedRetry).set(HostBehavior.CDFE, copyFormats);
    }

    void reset() {
        advancedRetry = 0;
        copyFormats = 0;
    }
}
