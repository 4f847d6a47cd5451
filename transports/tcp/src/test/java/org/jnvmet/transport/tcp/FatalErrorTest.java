package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.util.Arrays;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every fatal error (NVMe/TCP Transport, Error Handling) with its FES, FEI and the copied header. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class FatalErrorTest {
    private static final int HEADER_FIELD = 1;
    private static final int SEQUENCE = 2;
    private static final int HEADER_DIGEST = 3;
    private static final int OUT_OF_RANGE = 4;
    private static final int LIMIT = 5;
    private static final int UNSUPPORTED = 6;

    private static final int BLOCK = Pdus.BLOCK;

    private final TcpFixture target =
            new TcpFixture(
                    TcpFixture.SETTINGS.withProtocol(
                            new TcpSettings.Protocol(1 << 20, 8192, 16384, 8192, 8192, 0)));

    @AfterAll
    void close() {
        target.close();
    }

    /** A wrong PDU; {@code make} gets the tag of an R2T for two blocks of command 9. */
    record Offence(String what, int fes, int fei, int headerBytes, Function<Integer, byte[]> make) {
        @Override
        public String toString() {
            return what;
        }
    }

    private static Offence bad(String what, int fes, int fei, int headerBytes, byte[] pdu) {
        return new Offence(what, fes, fei, headerBytes, _ -> pdu);
    }

    private static byte[] patched(byte[] pdu, int offset, int value) {
        byte[] copy = pdu.clone();
        copy[offset] = (byte) value;
        return copy;
    }

    private static byte[] longer(byte[] pdu, int by) {
        byte[] copy = Arrays.copyOf(pdu, pdu.length + by);
        return new Bytes(copy.length).put(0, copy).u32(4, copy.length).array();
    }

    static Stream<Offence> beforeIcReq() {
        byte[] icReq = Pdus.icReq(0, 0, 0);
        Pdus pdus = Pdus.plain();
        return Stream.of(
                bad("ICReq with HLEN 127", HEADER_FIELD, 2, 127, patched(icReq, 2, 127)),
                bad("ICReq with PLEN 129", HEADER_FIELD, 4, 128, patched(icReq, 4, 129)),
                bad("ICReq with PFV 1", HEADER_FIELD, 8, 128, patched(icReq, 8, 1)),
                bad("ICReq with HPDA 32", HEADER_FIELD, 10, 128, patched(icReq, 10, 32)),
                bad("capsule before ICReq", SEQUENCE, 0, 72, pdus.connect(1, 0, 0xffff, 32, 0)),
                bad("data before ICReq", SEQUENCE, 0, 24, pdus.data(1, 0, 0, new byte[4], true)),
                bad("ICResp from a host", HEADER_FIELD, 0, 128, patched(icReq, 0, 1)),
                bad("type 08h", HEADER_FIELD, 0, 128, patched(icReq, 0, 8)));
    }

    @ParameterizedTest
    @MethodSource
    void beforeIcReq(Offence offence) {
        try (RawHost host = target.dial()) {
            byte[] pdu = offence.make().apply(0);
            host.send(pdu);
            expectTermination(host, offence, pdu);
        }
    }

    static Stream<Offence> onQueue() {
        Pdus pdus = Pdus.plain();
        byte[] read = pdus.read(3, 0, 1);
        byte[] inline = pdus.writeInline(3, 0, Pdus.pattern(1, BLOCK));
        byte[] block = Pdus.pattern(1, BLOCK);
        return Stream.of(
                bad("ICReq again", SEQUENCE, 0, 128, Pdus.icReq(0, 0, 0)),
                bad("C2HTermReq from a host", HEADER_FIELD, 0, 72, patched(read, 0, 3)),
                bad("CapsuleResp from a host", HEADER_FIELD, 0, 72, patched(read, 0, 5)),
                bad("C2HData from a host", HEADER_FIELD, 0, 72, patched(read, 0, 7)),
                bad("R2T from a host", HEADER_FIELD, 0, 72, patched(read, 0, 9)),
                bad("type FFh", HEADER_FIELD, 0, 72, patched(read, 0, 255)),
                bad("capsule with HLEN 24", HEADER_FIELD, 2, 24, patched(read, 2, 24)),
                bad("capsule with HLEN 0", HEADER_FIELD, 2, 8, patched(read, 2, 0)),
                bad("capsule with HLEN 255", HEADER_FIELD, 2, 72, patched(read, 2, 255)),
                bad("capsule with PLEN 71", HEADER_FIELD, 4, 72, patched(read, 4, 71)),
                bad("capsule with HDGSTF", HEADER_FIELD, 1, 72, patched(read, 1, 1)),
                bad("capsule with DDGSTF", HEADER_FIELD, 1, 72, patched(inline, 1, 2)),
                bad("data before the header's end", HEADER_FIELD, 3, 72, patched(inline, 3, 68)),
                bad("data behind the end", HEADER_FIELD, 3, 72, patched(longer(read, 4), 3, 88)),
                bad("misaligned data", HEADER_FIELD, 3, 72, patched(inline, 3, 74)),
                bad("only padding", HEADER_FIELD, 4, 72, patched(longer(read, 4), 3, 76)),
                bad("more data than the SGL says", HEADER_FIELD, 4, 72, longer(inline, 4)),
                bad("data of a transport SGL", HEADER_FIELD, 4, 72, patched(inline, 47, 0x5a)),
                bad(
                        "in-capsule SGL without data",
                        HEADER_FIELD,
                        4,
                        72,
                        patched(pdus.write(3, 0, 1), 47, 0x01)),
                bad("in-capsule data at offset 1", UNSUPPORTED, 32, 72, patched(inline, 32, 1)),
                bad("keyed SGL", UNSUPPORTED, 47, 72, patched(read, 47, 0x40)),
                bad("data block SGL", UNSUPPORTED, 47, 72, patched(read, 47, 0x00)),
                bad("SGL segment", UNSUPPORTED, 47, 72, patched(read, 47, 0x20)),
                bad(
                        "more in-capsule data than any transfer",
                        LIMIT,
                        0,
                        72,
                        pdus.writeInline(3, 0, new byte[257 * BLOCK])),
                bad("H2CTermReq with FES 0", HEADER_FIELD, 8, 24, Pdus.termReq(0, 0, new byte[8])),
                bad("H2CTermReq with FES 7", HEADER_FIELD, 8, 24, Pdus.termReq(7, 0, new byte[8])),
                bad(
                        "H2CTermReq with PLEN 153",
                        HEADER_FIELD,
                        4,
                        24,
                        Pdus.termReq(1, 0, new byte[129])),
                bad("data with unknown tag", SEQUENCE, 0, 24, pdus.data(9, 999, 0, block, true)),
                bad(
                        "data nobody asked for",
                        HEADER_FIELD,
                        10,
                        24,
                        pdus.data(1, 0, 0, block, true)));
    }

    @ParameterizedTest
    @MethodSource
    void onQueue(Offence offence) {
        try (RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] pdu = offence.make().apply(0);
            io.send(pdu);
            expectTermination(io, offence, pdu);
        }
    }

    static Stream<Offence> answeringR2t() {
        Pdus pdus = Pdus.plain();
        byte[] block = Pdus.pattern(1, BLOCK);
        return Stream.of(
                new Offence(
                        "data for another command",
                        SEQUENCE,
                        0,
                        24,
                        tag -> pdus.data(8, tag, 0, block, false)),
                new Offence(
                        "data ahead of its turn",
                        OUT_OF_RANGE,
                        0,
                        24,
                        tag -> pdus.data(9, tag, BLOCK, block, true)),
                new Offence(
                        "more data than MAXH2CDATA",
                        LIMIT,
                        0,
                        24,
                        tag -> pdus.data(9, tag, 0, new byte[8196], true)),
                new Offence(
                        "data at an offset of 4 GiB",
                        OUT_OF_RANGE,
                        0,
                        24,
                        tag -> pdus.data(9, tag, -4, block, true)),
                new Offence(
                        "no data",
                        HEADER_FIELD,
                        16,
                        24,
                        tag -> pdus.data(9, tag, 0, new byte[0], true)),
                new Offence(
                        "last too early",
                        HEADER_FIELD,
                        1,
                        24,
                        tag -> pdus.data(9, tag, 0, block, true)),
                new Offence(
                        "PLEN against DATAL",
                        HEADER_FIELD,
                        4,
                        24,
                        tag -> longer(pdus.data(9, tag, 0, block, false), 4)));
    }

    @ParameterizedTest
    @MethodSource
    void answeringR2t(Offence offence) {
        try (RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(io.pdus.write(9, 0, 2));
            Received r2t = io.expect(Received.R2T);
            byte[] pdu = offence.make().apply(r2t.tag());
            io.send(pdu);
            expectTermination(io, offence, pdu);
        }
    }

    @Test
    void reportsDataBeyondTheR2t() {
        try (RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(io.pdus.write(9, 0, 1));
            int tag = io.expect(Received.R2T).tag();
            byte[] pdu = io.pdus.data(9, tag, 0, new byte[8192], true);
            io.send(pdu);
            expectTermination(io, bad("", OUT_OF_RANGE, 0, 24, pdu), pdu);
        }
    }

    @Test
    void reportsHeaderDigestErrorWithTheDigestThatCame() {
        try (RawHost admin = target.admin();
                RawHost io = target.dial()) {
            io.negotiate(0, Pdus.HDGST, 0);
            io.io(1, admin.controllerId(), 32);
            byte[] pdu = io.pdus.read(3, 0, 1);
            System.arraycopy(new Bytes(4).u32(0, 0x12345678).array(), 0, pdu, 72, 4);
            io.send(pdu);
            expectTermination(io, bad("", HEADER_DIGEST, 0x12345678, 72, pdu), pdu);
        }
    }

    @Test
    void reportsMissingDigestFlags() {
        try (RawHost admin = target.admin()) {
            for (int missing : new int[] {Pdus.HDGST, Pdus.DDGST}) {
                try (RawHost io = target.dial()) {
                    io.negotiate(0, Pdus.HDGST | Pdus.DDGST, 0);
                    io.io(missing, admin.controllerId(), 32);
                    byte[] pdu = io.pdus.writeInline(3, 0, new byte[BLOCK]);
                    pdu[1] &= (byte) ~missing;
                    if (missing == Pdus.DDGST) {
                        byte[] header = Arrays.copyOf(pdu, 72);
                        byte[] digest = new Bytes(4).u32(0, Pdus.crc(header)).array();
                        System.arraycopy(digest, 0, pdu, 72, 4);
                    }
                    io.send(pdu);
                    expectTermination(io, bad("", HEADER_FIELD, 1, 72, pdu), pdu);
                }
            }
        }
    }

    @Test
    void interpretsNothingBehindTheError() {
        try (RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] bad = patched(io.pdus.read(3, 0, 1), 0, 8);
            io.send(io.pdus.writeInline(1, 0, Pdus.pattern(5, BLOCK)));
            io.expectStatus(1, 0);
            io.send(bad, io.pdus.writeInline(2, 0, Pdus.pattern(6, BLOCK)));
            io.expect(Received.TERM_REQ);
            io.expectClose();
            try (RawHost other = target.io(admin, 2, 32)) {
                assertThat(other.read(1, 0, 1)).isEqualTo(Pdus.pattern(5, BLOCK));
            }
        }
    }

    @Test
    void closesAtOnceWhenTheHostTerminates() {
        try (RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(Pdus.termReq(4, 0, new byte[24]));
            io.expectClose();
            assertThat(target.logged(Level.WARN))
                    .anyMatch(line -> line.contains("data transfer out of range"));
        }
    }

    @Test
    void namesTheHostAndTheMistakeInTheLog() {
        try (RawHost host = target.dial()) {
            host.send(patched(Pdus.icReq(0, 0, 0), 10, 77));
            host.expect(Received.TERM_REQ);
            String peer = "127.0.0.1 port " + host.socket().getLocalPort();
            assertThat(target.logged(Level.WARN))
                    .anyMatch(line -> line.contains(peer) && line.contains("HPDA 77"));
        }
    }

    private static void expectTermination(RawHost host, Offence offence, byte[] pdu) {
        Received answer = host.expect(Received.TERM_REQ);
        byte[] bytes = answer.bytes();
        assertThat(bytes[2]).as("HLEN").isEqualTo((byte) 24);
        assertThat(answer.u16(8)).as("FES").isEqualTo(offence.fes());
        assertThat(answer.u32(10)).as("FEI").isEqualTo(offence.fei());
        assertThat(Arrays.copyOfRange(bytes, 14, 24)).as("reserved").containsOnly(0);
        int copied = bytes.length - 24;
        assertThat(copied).as("bytes of the copied header").isEqualTo(offence.headerBytes());
        assertThat(Arrays.copyOfRange(bytes, 24, bytes.length))
                .as("copied header")
                .isEqualTo(Arrays.copyOf(pdu, copied));
        host.expectClose();
    }
}
