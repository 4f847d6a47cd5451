package org.jnvmet.wire.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of the NVMe/TCP PDUs. */
class PduTest {
    @Test
    void readsAndWritesTheCommonHeader() {
        MemorySegment memory = Golden.memory(Golden.hex("07 0d 18 1c 04 03 02 81"));
        PduHeader header = new PduHeader().wrap(memory, 0);
        assertThat(header.type()).isEqualTo(PduHeader.C2H_DATA);
        assertThat(header.flags()).isEqualTo(0x0d);
        assertThat(header.has(PduHeader.HDGSTF)).isTrue();
        assertThat(header.has(PduHeader.DDGSTF)).isFalse();
        assertThat(header.has(PduHeader.LAST_PDU | PduHeader.SUCCESS)).isTrue();
        assertThat(header.headerLength()).isEqualTo(24);
        assertThat(header.dataOffset()).isEqualTo(28);
        assertThat(header.length()).isEqualTo(0x81020304L);
        header.set(PduHeader.CAPSULE_CMD, PduHeader.DDGSTF, 72, 128, 0x01020304);
        assertThat(Golden.hex(memory, 8)).isEqualTo("0402488004030201");
    }

    @Test
    void numbersTypesAndTheirHeaderLengthsAsTheStandardDoes() {
        assertThat(PduHeader.headerLengthOf(0x00)).isEqualTo(128);
        assertThat(PduHeader.headerLengthOf(0x01)).isEqualTo(128);
        assertThat(PduHeader.headerLengthOf(0x02)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0x03)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0x04)).isEqualTo(72);
        assertThat(PduHeader.headerLengthOf(0x05)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0x06)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0x07)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0x08)).isZero();
        assertThat(PduHeader.headerLengthOf(0x09)).isEqualTo(24);
        assertThat(PduHeader.headerLengthOf(0xff)).isZero();
        assertThat(PduHeader.name(0x09)).isEqualTo("R2T");
        assertThat(PduHeader.name(0x08)).isEqualTo("PDU type 08h");
    }

    @Test
    void putsEachFieldOfIcReqWhereTheStandardPutsIt() {
        Golden.of(IcReq.BYTES, "008: 0201 1f03 0403 0281")
                .with(IcReq.PFV, 0x0102)
                .with(IcReq.HPDA, 31)
                .with(IcReq.DGST, Digest.HEADER | Digest.DATA)
                .with(IcReq.MAXR2T, 0x81020304L)
                .verify(new IcReq());
    }

    @Test
    void putsEachFieldOfIcRespWhereTheStandardPutsIt() {
        Golden.of(IcResp.BYTES, "008: 0201 1e02 0000 0200")
                .with(IcResp.PFV, 0x0102)
                .with(IcResp.CPDA, 30)
                .with(IcResp.DGST, Digest.DATA)
                .with(IcResp.MAXH2CDATA, 131_072)
                .verify(new IcResp());
    }

    @Test
    void readsAndWritesDataHeaders() {
        MemorySegment memory = Golden.memory(new byte[24]);
        memory.fill((byte) 0xff);
        DataPdu data = new DataPdu().wrap(memory, 0);
        data.set(0xbeef, 0x1234, 0x81020304L, 0x91121314L);
        assertThat(Golden.hex(memory.asSlice(8), 16))
                .isEqualTo("efbe" + "3412" + "04030281" + "14131291" + "00000000");
        assertThat(Golden.hex(memory, 8)).isEqualTo("ff".repeat(8));
        assertThat(data.commandId()).isEqualTo(0xbeef);
        assertThat(data.transferTag()).isEqualTo(0x1234);
        assertThat(data.dataOffset()).isEqualTo(0x81020304L);
        assertThat(data.dataLength()).isEqualTo(0x91121314L);
    }

    @Test
    void readsAndWritesReadyToTransfer() {
        MemorySegment memory = Golden.memory(new byte[24]);
        memory.fill((byte) 0xff);
        R2t r2t = new R2t().wrap(memory, 0);
        r2t.set(0xf00d, 0x4321, 0x82030405L, 0x92131415L);
        assertThat(Golden.hex(memory.asSlice(8), 16))
                .isEqualTo("0df0" + "2143" + "05040382" + "15141392" + "00000000");
        assertThat(Golden.hex(memory, 8)).isEqualTo("ff".repeat(8));
        assertThat(r2t.commandId()).isEqualTo(0xf00d);
        assertThat(r2t.transferTag()).isEqualTo(0x4321);
        assertThat(r2t.offset()).isEqualTo(0x82030405L);
        assertThat(r2t.length()).isEqualTo(0x92131415L);
    }

    @Test
    void writesAWholeTerminationRequest() {
        MemorySegment pdu = Golden.memory(new byte[TermReq.MAX_BYTES]);
        pdu.fill((byte) 0xff);
        MemorySegment offender = Golden.memory(Golden.hex("0a00180000000018"));
        int length =
                TermReq.write(
                        pdu,
                        PduHeader.C2H_TERM_REQ,
                        FatalError.HEADER_DIGEST_ERROR,
                        0x81020304,
                        offender);
        assertThat(length).isEqualTo(32);
        assertThat(Golden.hex(pdu, length))
                .isEqualTo(
                        "0300180020000000"
                                + "0300"
                                + "04030281"
                                + "00".repeat(10)
                                + "0a00180000000018");
        TermReq read = new TermReq().wrap(pdu, 0);
        assertThat(read.get(TermReq.FES)).isEqualTo(3);
        assertThat(read.get(TermReq.FEI)).isEqualTo(0x81020304L);
    }

    @Test
    void copiesAtMost128BytesOfTheOffender() {
        MemorySegment pdu = Golden.memory(new byte[TermReq.MAX_BYTES]);
        int length =
                TermReq.write(
                        pdu,
                        PduHeader.H2C_TERM_REQ,
                        FatalError.PDU_SEQUENCE_ERROR,
                        0,
                        Golden.memory(new byte[200]));
        assertThat(length).isEqualTo(152);
        assertThat(Golden.hex(pdu, 8)).isEqualTo("0200180098000000");
    }

    @Test
    void numbersFatalErrorsAsTheStandardDoes() {
        assertThat(FatalError.of(1)).contains(FatalError.INVALID_HEADER_FIELD);
        assertThat(FatalError.of(2)).contains(FatalError.PDU_SEQUENCE_ERROR);
        assertThat(FatalError.of(3)).contains(FatalError.HEADER_DIGEST_ERROR);
        assertThat(FatalError.of(4)).contains(FatalError.DATA_OUT_OF_RANGE);
        assertThat(FatalError.of(5)).contains(FatalError.LIMIT_EXCEEDED);
        assertThat(FatalError.of(6)).contains(FatalError.UNSUPPORTED_PARAMETER);
        assertThat(FatalError.of(0)).isEmpty();
        assertThat(FatalError.of(7)).isEmpty();
        assertThat(FatalError.LIMIT_EXCEEDED.meaningFromController())
                .isEqualTo("data transfer limit exceeded");
        assertThat(FatalError.LIMIT_EXCEEDED.meaningFromHost()).isEqualTo("R2T limit exceeded");
        assertThat(FatalError.DATA_OUT_OF_RANGE.code()).isEqualTo(4);
        assertThat(FatalError.UNSUPPORTED_PARAMETER.code()).isEqualTo(6);
    }

    @Test
    void alignsDataBehindHeaderAndDigest() {
        assertThat(PduLayout.dataOffset(24, false, 0)).isEqualTo(24);
        assertThat(PduLayout.dataOffset(24, true, 0)).isEqualTo(28);
        assertThat(PduLayout.dataOffset(72, false, 0)).isEqualTo(72);
        assertThat(PduLayout.dataOffset(72, true, 0)).isEqualTo(76);
        assertThat(PduLayout.dataOffset(24, false, 31)).isEqualTo(128);
        assertThat(PduLayout.dataOffset(72, true, 31)).isEqualTo(128);
        assertThat(PduLayout.dataOffset(72, false, 15)).isEqualTo(128);
        assertThat(PduLayout.dataOffset(72, true, 1)).isEqualTo(80);
        assertThat(PduLayout.dataOffset(72, false, 8)).isEqualTo(72);
        assertThat(PduLayout.dataOffset(24, true, 4)).isEqualTo(40);
    }

    @Test
    void countsAllPartsInThePduLength() {
        assertThat(PduLayout.length(72, 4096, false)).isEqualTo(4168);
        assertThat(PduLayout.length(76, 4096, true)).isEqualTo(4176);
        assertThat(PduLayout.length(24, false)).isEqualTo(24);
        assertThat(PduLayout.length(24, true)).isEqualTo(28);
    }
}
