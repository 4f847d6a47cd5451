package org.jnvmet.wire.tcp;

/**
 * Where the parts of a PDU lie (NVMe/TCP Transport, PDU structure): header, header digest, padding,
 * data, data digest.
 */
public final class PduLayout {
    /** Default port of I/O and admin queues. */
    public static final int DEFAULT_PORT = 4420;

    /** Default port of discovery controllers. */
    public static final int DISCOVERY_PORT = 8009;

    private PduLayout() {}

    /**
     * PDO of a PDU with data: the first multiple of the alignment behind header and header digest.
     *
     * @param headerLength HLEN
     * @param alignment CPDA for data to the controller, HPDA for data to the host, 0's based in
     *     units of 4 bytes
     */
    public static int dataOffset(int headerLength, boolean headerDigest, int alignment) {
        int unit = (alignment + 1) * 4;
        int end = headerLength + (headerDigest ? Digest.BYTES : 0);
        return (end + unit - 1) / unit * unit;
    }

    /** PLEN of a PDU with {@code dataLength} bytes of data at {@code dataOffset}. */
    public static int length(int dataOffset, int dataLength, boolean dataDigest) {
        return dataOffset + dataLength + (dataDigest ? Digest.BYTES : 0);
    }

    /** PLEN of a PDU without data. */
    public static int length(int headerLength, boolean headerDigest) {
        return headerLength + (headerDigest ? Digest.BYTES : 0);
    }
}
