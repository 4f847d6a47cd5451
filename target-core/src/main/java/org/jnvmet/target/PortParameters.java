package org.jnvmet.target;

import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;

/**
 * {@code param_*} of a port, as configured or as its transport takes them; -1: not set.
 *
 * @param inlineDataBytes in-capsule data of I/O queues
 * @param maxQueueEntries entries of an I/O queue
 * @param mdts largest transfer as a power of two in units of {@link #MDTS_UNIT_BYTES}, 0: no limit
 */
record PortParameters(int inlineDataBytes, int maxQueueEntries, int mdts) {
    static final PortParameters UNSET = new PortParameters(-1, -1, -1);

    /** MDTS counts in CAP.MPSMIN, 4 KiB. */
    static final int MDTS_UNIT_BYTES = 4096;

    private static final int MDTS_UNIT_SHIFT = 12;
    private static final int MIN_QUEUE_ENTRIES = 16;

    PortParameters withInlineDataBytes(int bytes) {
        return new PortParameters(bytes, maxQueueEntries, mdts);
    }

    PortParameters withMaxQueueEntries(int entries) {
        return new PortParameters(inlineDataBytes, entries, mdts);
    }

    /** EINVAL when it is not within -1 .. 255. */
    PortParameters withMdts(int exponent) {
        if (exponent < -1 || exponent > 255) {
            throw new ConfigException(
                    Errno.EINVAL, "param_mdts: %d is not within -1 .. 255".formatted(exponent));
        }
        return new PortParameters(inlineDataBytes, maxQueueEntries, exponent);
    }

    /** What the transport makes of them. */
    PortParameters within(Transport.Limits limits) {
        return new PortParameters(
                inlineDataBytes < 0
                        ? limits.defaultInlineBytes()
                        : Math.min(inlineDataBytes, limits.maxInlineBytes()),
                maxQueueEntries < 0
                        ? limits.defaultQueueEntries()
                        : Math.clamp(maxQueueEntries, MIN_QUEUE_ENTRIES, limits.maxQueueEntries()),
                Math.max(mdts, 0));
    }

    /** Largest transfer of one command in bytes, a power of two. */
    int maxTransferBytes(Transport.Limits limits) {
        long wanted = mdts <= 0 || mdts > 32 ? Long.MAX_VALUE : 1L << (MDTS_UNIT_SHIFT + mdts);
        return Integer.highestOneBit((int) Math.min(wanted, limits.maxTransferBytes()));
    }
}
