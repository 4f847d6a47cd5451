package org.jnvmet.transport.tcp;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32C;

/**
 * PDUs of a host as bytes, laid out by hand from the standard: independent of the views that the
 * product uses.
 */
final class Pdus {
    static final String SUBSYSTEM = "nqn.2026-01.org.jnvmet:tcp-test";
    static final String HOST = "nqn.2026-01.org.jnvmet:host";

    /** Logical block of a memory namespace. */
    static final int BLOCK = 4096;

    static final int HDGST = 1;
    static final int DDGST = 2;
    static final int LAST = 4;

    private static final int READ = 0x02;
    private static final int WRITE = 0x01;
    private static final int FABRICS = 0x7f;
    private static final int IN_CAPSULE = 0x01;
    private static final int TRANSPORT = 0x5a;

    private final int digests;
    private final int alignment;

    /** {@code digests} as in DGST; {@code alignment} is CPDA. */
    Pdus(int digests, int alignment) {
        this.digests = digests;
        this.alignment = alignment;
    }

    static Pdus plain() {
        return new Pdus(0, 0);
    }

    static byte[] icReq(int hpda, int digests, int maxR2t) {
        Bytes pdu = new Bytes(128);
        pdu.u8(2, 128).u32(4, 128);
        pdu.u8(10, hpda).u8(11, digests).u32(12, maxR2t);
        return pdu.array();
    }

    /** A command capsule with digests, padding and data as agreed. */
    byte[] capsule(byte[] sqe, byte[] data) {
        Bytes header = new Bytes(72);
        header.u8(0, 4).u8(2, 72);
        header.put(8, sqe);
        return finish(header, data, 0);
    }

    /** H2CData. */
    byte[] data(int cid, int tag, int offset, byte[] data, boolean last) {
        Bytes header = new Bytes(24);
        header.u8(0, 6).u8(2, 24);
        header.u16(8, cid).u16(10, tag);
        header.u32(12, offset).u32(16, data.length);
        return finish(header, data, last ? LAST : 0);
    }

    static byte[] termReq(int fes, int fei, byte[] offender) {
        Bytes pdu = new Bytes(24 + offender.length);
        pdu.u8(0, 2).u8(2, 24).u32(4, 24 + offender.length);
        pdu.u16(8, fes).u32(10, fei).put(24, offender);
        return pdu.array();
    }

    private byte[] finish(Bytes header, byte[] data, int flags) {
        int headerBytes = header.length();
        int headerEnd = headerBytes + ((digests & HDGST) != 0 ? 4 : 0);
        int unit = (alignment + 1) * 4;
        int offset = data.length == 0 ? headerEnd : (headerEnd + unit - 1) / unit * unit;
        boolean dataDigest = data.length > 0 && (digests & DDGST) != 0;
        int length = offset + data.length + (dataDigest ? 4 : 0);
        header.u8(1, (flags | (digests & HDGST) | (dataDigest ? DDGST : 0)));
        header.u8(3, (data.length == 0 ? 0 : offset));
        header.u32(4, length);
        Bytes pdu = new Bytes(length);
        pdu.put(0, header.array());
        if ((digests & HDGST) != 0) {
            pdu.u32(headerBytes, crc(header.array()));
        }
        pdu.put(offset, data);
        if (dataDigest) {
            pdu.u32(offset + data.length, crc(data));
        }
        return pdu.array();
    }

    static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }

    /** Connect with its data in the capsule. */
    byte[] connect(int cid, int queueId, int controllerId, int entries, int attributes) {
        Bytes sqe = sqe(FABRICS, cid, IN_CAPSULE, 1024);
        sqe.u8(4, 1).u16(42, queueId).u16(44, (entries - 1));
        sqe.u8(46, attributes);
        return capsule(sqe.array(), connectData(controllerId));
    }

    static byte[] connectData(int controllerId) {
        Bytes data = new Bytes(1024);
        for (int i = 0; i < 16; i++) {
            data.u8(i, (i + 1));
        }
        data.u16(16, controllerId);
        data.put(256, SUBSYSTEM.getBytes(StandardCharsets.US_ASCII));
        data.put(512, HOST.getBytes(StandardCharsets.US_ASCII));
        return data.array();
    }

    /** Property Set of CC: enables the controller. */
    byte[] enable(int cid) {
        Bytes sqe = sqe(FABRICS, cid, TRANSPORT, 0);
        sqe.u8(4, 0).u32(44, 0x14).u32(48, 0x00460001);
        return capsule(sqe.array(), new byte[0]);
    }

    /** Property Get of CAP. */
    byte[] capabilities(int cid) {
        Bytes sqe = sqe(FABRICS, cid, TRANSPORT, 0);
        sqe.u8(4, 4).u8(40, 1);
        return capsule(sqe.array(), new byte[0]);
    }

    byte[] keepAlive(int cid) {
        return capsule(sqe(0x18, cid, TRANSPORT, 0).array(), new byte[0]);
    }

    byte[] abort(int cid, int queueId, int abortedCid) {
        Bytes sqe = sqe(0x08, cid, TRANSPORT, 0);
        sqe.u16(40, queueId).u16(42, abortedCid);
        return capsule(sqe.array(), new byte[0]);
    }

    byte[] identifyController(int cid) {
        Bytes sqe = sqe(0x06, cid, TRANSPORT, 4096);
        sqe.u32(40, 1);
        return capsule(sqe.array(), new byte[0]);
    }

    static Bytes readSqe(int cid, long lba, int blocks) {
        return ioSqe(READ, cid, TRANSPORT, lba, blocks);
    }

    byte[] read(int cid, long lba, int blocks) {
        return capsule(readSqe(cid, lba, blocks).array(), new byte[0]);
    }

    /** A write of blocks with its data in the capsule. */
    byte[] writeInline(int cid, long lba, byte[] data) {
        return capsule(ioSqe(WRITE, cid, IN_CAPSULE, lba, data.length / BLOCK).array(), data);
    }

    /** A write of blocks whose data is to be asked for. */
    byte[] write(int cid, long lba, int blocks) {
        return capsule(writeSqe(cid, lba, blocks).array(), new byte[0]);
    }

    static Bytes writeSqe(int cid, long lba, int blocks) {
        return ioSqe(WRITE, cid, TRANSPORT, lba, blocks);
    }

    private static Bytes ioSqe(int opcode, int cid, int sgl, long lba, int blocks) {
        Bytes sqe = sqe(opcode, cid, sgl, blocks * BLOCK);
        sqe.u32(4, 1).u64(40, lba).u32(48, blocks - 1);
        return sqe;
    }

    static Bytes sqe(int opcode, int cid, int sglType, int length) {
        Bytes sqe = new Bytes(64);
        sqe.u8(0, opcode).u8(1, 0x40).u16(2, cid);
        sqe.u32(32, length).u8(39, sglType);
        return sqe;
    }

    /** Bytes that are {@code seed}'s own. */
    static byte[] pattern(int seed, int length) {
        byte[] data = new byte[length];
        for (int i = 0; i < length; i++) {
            data[i] = (byte) (seed * 31 + i * 7 + (i >>> 9));
        }
        return data;
    }

    static byte[] join(byte[]... parts) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (byte[] part : parts) {
            all.writeBytes(part);
        }
        return all.toByteArray();
    }
}
