package org.jnvmet.host.tcp;

import org.jnvmet.wire.tcp.IcReq;

/**
 * What the host offers in ICReq beside digests, and how it sends data.
 *
 * @param alignment HPDA, 0's based in units of 4 bytes
 * @param maxR2t outstanding R2Ts per command that the host accepts, 0's based; up to {@link #MAX_R2T}
 * @param inCapsuleBytes most bytes sent in a capsule, whatever the controller allows; Connect is
 *     always in its capsule
 * @param h2cDataBytes most bytes of an H2CData PDU, whatever the controller allows
 */
public record TcpOptions(int alignment, int maxR2t, int inCapsuleBytes, int h2cDataBytes) {
    /** Greatest MAXR2T; each command has room to note so many R2Ts and one more. */
    public static final int MAX_R2T = 255;

    /** What a Linux host asks for. */
    public static final TcpOptions DEFAULTS =
            new TcpOptions(0, 0, Integer.MAX_VALUE, Integer.MAX_VALUE);

    public TcpOptions {
        if (alignment < 0 || alignment > IcReq.MAX_ALIGNMENT) {
            throw new IllegalArgumentException("HPDA " + alignment + " is not 0 to 31");
        }
        if (maxR2t < 0 || maxR2t > MAX_R2T) {
            throw new IllegalArgumentException("MAXR2T " + maxR2t + " is not 0 to " + MAX_R2T);
        }
        if (h2cDataBytes < 1 || inCapsuleBytes < 0) {
            throw new IllegalArgumentException("negative or empty limit");
        }
    }

    public TcpOptions withAlignment(int hpda) {
        return new TcpOptions(hpda, maxR2t, inCapsuleBytes, h2cDataBytes);
    }

    public TcpOptions withMaxR2t(int zeroBased) {
        return new TcpOptions(alignment, zeroBased, inCapsuleBytes, h2cDataBytes);
    }

    /** Sends larger data than {@code bytes} on R2T only, in PDUs of at most {@code pduBytes}. */
    public TcpOptions withDataLimits(int bytes, int pduBytes) {
        return new TcpOptions(alignment, maxR2t, bytes, pduBytes);
    }
}
