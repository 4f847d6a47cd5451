package org.jnvmet.transport.rdma;

import java.nio.charset.StandardCharsets;
import org.jnvmet.wire.Sgl;

/** Entries of commands and private data, byte for byte. */
final class Commands {
    static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:test";
    static final String HOST = "nqn.2025-01.org.jnvmet:host";
    static final int BLOCK = 4096;
    static final int READ = 0x02;
    static final int WRITE = 0x01;
    static final int FLUSH = 0x00;
    private static final int FABRICS = 0x7f;

    private Commands() {}

    /** Private data of a request as Linux sends it. */
    static byte[] request(int queueId, int entries) {
        return request(0, queueId, entries, entries - 1);
    }

    static byte[] request(int format, int queueId, int hostReceives, int hostSends) {
        Bytes data = new Bytes(32);
        return data.u16(0, format).u16(2, queueId).u16(4, hostReceives).u16(6, hostSends).array();
    }

    static Bytes sqe(int opcode, int cid) {
        return new Bytes(64).u8(0, opcode).u8(1, 0x40).u16(2, cid).u8(39, Sgl.KEYED);
    }

    /** Data in one keyed block. */
    static Bytes keyed(Bytes sqe, long address, int length, int key) {
        return descriptor(sqe, 24, address, length, key, Sgl.KEYED);
    }

    static Bytes descriptor(Bytes into, int at, long address, int length, int key, int type) {
        into.u64(at, address).u32(at + 8, length).u32(at + 11, key).u8(at + 15, type);
        return into;
    }

    /** A block or segment at an offset into the capsule. */
    static Bytes atOffset(Bytes sqe, long offset, int length, int type) {
        return sqe.u64(24, offset).u32(32, length).u32(36, 0).u8(39, type);
    }

    static Bytes connect(int cid, int queueId, int entries) {
        return sqe(FABRICS, cid).u8(4, 1).u16(42, queueId).u16(44, entries - 1);
    }

    static byte[] connectData(int controllerId) {
        Bytes data = new Bytes(1024);
        for (int i = 0; i < 16; i++) {
            data.u8(i, i + 1);
        }
        data.u16(16, controllerId);
        data.put(256, SUBSYSTEM.getBytes(StandardCharsets.US_ASCII));
        data.put(512, HOST.getBytes(StandardCharsets.US_ASCII));
        return data.array();
    }

    /** Property Set of CC: enables the controller. */
    static Bytes enable(int cid) {
        return sqe(FABRICS, cid).u8(4, 0).u32(44, 0x14).u32(48, 0x00460001);
    }

    static Bytes identifyController(int cid) {
        return sqe(0x06, cid).u32(40, 1);
    }

    static Bytes keepAlive(int cid) {
        return sqe(0x18, cid);
    }

    static Bytes abort(int cid, int queueId, int abortedCid) {
        return sqe(0x08, cid).u16(40, queueId).u16(42, abortedCid);
    }

    static Bytes asyncEvent(int cid) {
        return sqe(0x0c, cid);
    }

    static Bytes io(int opcode, int cid, long lba, int blocks) {
        return sqe(opcode, cid).u32(4, 1).u64(40, lba).u32(48, blocks - 1);
    }

    /** Bytes that are {@code seed}'s own. */
    static byte[] pattern(int seed, int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (seed * 31 + i * 7 + (i >>> 9));
        }
        return data;
    }
}
