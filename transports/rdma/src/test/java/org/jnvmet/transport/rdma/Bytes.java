package org.jnvmet.transport.rdma;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Little-endian bytes under construction. */
final class Bytes {
    private final byte[] array;
    private final ByteBuffer view;

    Bytes(int length) {
        array = new byte[length];
        view = ByteBuffer.wrap(array).order(ByteOrder.LITTLE_ENDIAN);
    }

    Bytes u8(int offset, int value) {
        array[offset] = (byte) value;
        return this;
    }

    Bytes u16(int offset, int value) {
        view.putShort(offset, (short) value);
        return this;
    }

    Bytes u32(int offset, int value) {
        view.putInt(offset, value);
        return this;
    }

    Bytes u64(int offset, long value) {
        view.putLong(offset, value);
        return this;
    }

    Bytes put(int offset, byte[] bytes) {
        view.put(offset, bytes);
        return this;
    }

    int length() {
        return array.length;
    }

    /** The bytes themselves. */
    byte[] array() {
        return array;
    }
}
