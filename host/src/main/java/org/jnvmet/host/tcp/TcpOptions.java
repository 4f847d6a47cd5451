package org.jnvmet.host.tcp;

import org.jnvmet.wire.tcp.IcReq;

/**
 * What the host asks for in ICReq, and how it sends data.
 *
 * @param alignment HPDA, 0's based in units of 4 bytes
 * @param headerDigest whether to ask for header digests
 * @param dataDigest whether to ask for data digests
 * @param maxR2t outstanding R2Ts per command that the host accepts, 0's based
 * @param inCapsuleBytes most bytes sent in a capsule, whatever the controller allows; Connect is
 *     always in its capsule
 * @param h2cDataBytes most bytes of an H2CData PDU, whatever the controller allows
 * @param timeoutMs time limit of connecting and of ICResp
 */
public record TcpOptions(
        int alignment,
        boolean headerDigest,
        boolean dataDigest,
        int maxR2t,
        int inCapsuleBytes,
        int h2cDataBytes,
        int timeoutMs) {
    /** What a Linux host asks for. */
    public static final TcpOptions DEFAULTS =
            new TcpOptions(0, false, false, 0, Integer.MAX_VALUE, Integer.MAX_VALUE, 10_000);

    public TcpOptions {
        if (alignment < 0 || alignment > IcReq.MAX_ALIGNMENT) {
            throw new IllegalArgumentException("HPDA " + alignment + " is not 0 to 31");
        }
        if (h2cDataBytes < 1 || inCapsuleBytes < 0 || maxR2t < 0 || timeoutMs < 1) {
            throw new IllegalArgumentException("negative or empty limit");
        }
    }

    public TcpOptions withAlignment(int hpda) {
        return new TcpOptions(
                hpda, headerDigest, dataDigest, maxR2t, inCapsuleBytes, h2cDataBytes, timeoutMs);
    }

    public TcpOptions withDigests(boolean header, boolean data) {
        return new TcpOptions(
                alignment, header, data, maxR2t, inCapsuleBytes, h2cDataBytes, timeoutMs);
    }

    public TcpOptions withMaxR2t(int zeroBased) {
        return new TcpOptions(
                alignment,
                headerDigest,
                dataDigest,
                zeroBased,
                inCapsuleBytes,
                h2cDataBytes,
                timeoutMs);
    }

    /** Sends larger data than {@code bytes} on R2T only, in PDUs of at most {@code pduBytes}. */
    public TcpOptions withDataLimits(int bytes, int pduBytes) {
        return new TcpOptions(
                alignment, headerDigest, dataDigest, maxR2t, bytes, pduBytes, timeoutMs);
    }

    public TcpOptions withTimeoutMs(int ms) {
        return new TcpOptions(
                alignment, headerDigest, dataDigest, maxR2t, inCapsuleBytes, h2cDataBytes, ms);
    }
}
