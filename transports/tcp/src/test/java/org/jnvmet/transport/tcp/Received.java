package org.jnvmet.transport.tcp;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** A PDU that the target sent. */
final class Received {
    static final int IC_RESP = 1;
    static final int TERM_REQ = 3;
    static final int CAPSULE = 5;
    static final int DATA = 7;
    static final int R2T = 9;

    private final byte[] bytes;

    Received(byte[] bytes) {
        this.bytes = bytes;
    }

    byte[] bytes() {
        return bytes;
    }

    int type() {
        return bytes[0];
    }

    int flags() {
        return bytes[1];
    }

    int pdo() {
        return Byte.toUnsignedInt(bytes[3]);
    }

    int u16(int offset) {
        return Short.toUnsignedInt(view().getShort(offset));
    }

    int u32(int offset) {
        return view().getInt(offset);
    }

    long u64(int offset) {
        return view().getLong(offset);
    }

    private ByteBuffer view() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** CID of a capsule, of data or of an R2T. */
    int cid() {
        return u16(type() == CAPSULE ? 8 + 12 : 8);
    }

    /** The status field of a capsule, without phase and DNR. */
    int status() {
        return u16(8 + 14) >>> 1 & 0x7ff;
    }

    /** DATAL or R2TL. */
    int length() {
        return u32(16);
    }

    /** DATAO or R2TO. */
    int offset() {
        return u32(12);
    }

    int tag() {
        return u16(10);
    }

    byte[] data() {
        return Arrays.copyOfRange(bytes, pdo(), pdo() + length());
    }
}
