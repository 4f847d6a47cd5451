package org.jnvmet.host;

import org.jnvmet.wire.Status;

/**
 * What becomes of a request that came back; the rules are those of a Linux host ({@code
 * nvme_decide_disposition}). They differ between a namespace with paths over several controllers and one
 * that knows a single controller only: the latter sees path errors as errors like others.
 */
enum Disposition {
    /** The caller hears of it. */
    COMPLETE,
    /** It is sent again, up to {@link #MAX_RETRIES} times, when the controller's delay has passed. */
    RETRY,
    /** It is sent along another path, at once, or waits for one. */
    FAIL_OVER;

    /** How often a request is sent again because of its own status. */
    static final int MAX_RETRIES = 5;

    private static final int CODE = 0x7ff;
    private static final int TYPE = 0x700;
    private static final int PATH_RELATED = 0x300;

    /**
     * Decides.
     *
     * @param status the 15-bit status field
     * @param byHost whether the host ended it itself, since the queue did
     * @param retries how often it was sent again already
     * @param multipath whether other controllers may do it
     * @param dying whether nothing can be sent any more
     */
    static Disposition of(
            int status, boolean byHost, int retries, boolean multipath, boolean dying) {
        if ((status & CODE) == 0 || (status & Status.DNR) != 0) {
            return COMPLETE;
        }
        if (multipath && byHost) {
            return FAIL_OVER; // the path's fault, not the command's: it does not count
        }
        if (retries >= MAX_RETRIES) {
            return COMPLETE;
        }
        if (multipath) {
            return isPathRelated(status) || dying ? FAIL_OVER : RETRY;
        }
        return dying ? COMPLETE : RETRY;
    }

    /** Path Related Status: another path may do it. */
    static boolean isPathRelated(int status) {
        return (status & TYPE) == PATH_RELATED;
    }

    /** Whether the ANA state of this path was in the way. */
    static boolean isAna(int status) {
        return Status.ANA_PERSISTENT_LOSS.is(status)
                || Status.ANA_INACCESSIBLE.is(status)
                || Status.ANA_TRANSITION.is(status);
    }

    /** Command Retry Delay: which of the controller's three delays (CRDT) to wait; 0 for none. */
    static int retryDelay(int status) {
        return status >>> 11 & 3;
    }
}
