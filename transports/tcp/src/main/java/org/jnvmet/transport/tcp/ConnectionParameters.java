package org.jnvmet.transport.tcp;

import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.PduLayout;

/**
 * What ICReq and ICResp settled for a connection (NVMe/TCP Transport, Initialize Connection).
 *
 * @param negotiated whether there was an ICReq
 * @param headerDigest header digests are in use, both ways
 * @param dataDigest data digests are in use, both ways
 * @param hostAlignment HPDA: alignment of data to the host, 0's based in units of 4 bytes
 * @param maxR2ts R2Ts of one command that may be under way, at least 1
 */
record ConnectionParameters(
        boolean negotiated,
        boolean headerDigest,
        boolean dataDigest,
        int hostAlignment,
        int maxR2ts) {
    /** Before ICReq. */
    static final ConnectionParameters NONE = new ConnectionParameters(false, false, false, 0, 1);

    /** Bytes of a header digest on this connection. */
    int headerDigestBytes() {
        return headerDigest ? Digest.BYTES : 0;
    }

    /** Bytes of a data digest on this connection. */
    int dataDigestBytes() {
        return dataDigest ? Digest.BYTES : 0;
    }

    /** PDO of a PDU with data to the host. */
    int dataOffset(int headerLength) {
        return PduLayout.dataOffset(headerLength, headerDigest, hostAlignment);
    }

    /** DGST of ICResp. */
    int digests() {
        return (headerDigest ? Digest.HEADER : 0) | (dataDigest ? Digest.DATA : 0);
    }
}
