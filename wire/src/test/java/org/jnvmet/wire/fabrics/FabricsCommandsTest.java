package org.jnvmet.wire.fabrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Golden;
import org.jnvmet.wire.Sqe;
import org.junit.jupiter.api.Test;

/** Golden bytes of Connect, Property Get and Set, and of the properties. */
class FabricsCommandsTest {
    private static final String CONNECT =
            """
            7f 40 34 12  01 00 00 00  00 00 00 00  00 00 00 00
            00 00 00 00  00 00 00 00  00 00 00 00  00 00 00 00
            00 04 00 00  00 00 00 01  02 01 04 03  7f 00 04 00
            88 13 00 80  00 00 00 00  00 00 00 00  00 00 00 00
            """;

    @Test
    void readsConnect() {
        Sqe sqe = new Sqe().wrap(Golden.memory(Golden.hex(CONNECT)), 0);
        assertThat(ConnectCommand.recordFormat(sqe)).isEqualTo(0x0102);
        assertThat(ConnectCommand.queueId(sqe)).isEqualTo(0x0304);
        assertThat(ConnectCommand.entries(sqe)).isEqualTo(128);
        assertThat(ConnectCommand.flowControlDisabled(sqe)).isTrue();
        assertThat(ConnectCommand.keepAliveMs(sqe)).isEqualTo(0x80001388L);
        assertThat(sqe.sglLength()).isEqualTo(ConnectData.BYTES);
    }

    @Test
    void readsFlowControlFromItsBitOnly() {
        Sqe sqe = new Sqe().wrap(Golden.memory(new byte[64]), 0);
        assertThat(ConnectCommand.flowControlDisabled(sqe.u8(46, 0xfb))).isFalse();
    }

    @Test
    void tellsWhichByteOfConnectIsWrong() {
        assertThat(ConnectCommand.invalidInEntry(44)).isEqualTo(0x0000002c);
        assertThat(ConnectCommand.invalidInData(256)).isEqualTo(0x00010100);
        assertThat(ConnectCommand.invalidOffset(0x00010200)).isEqualTo(512);
        assertThat(ConnectCommand.isInData(0x00010200)).isTrue();
        assertThat(ConnectCommand.isInData(0x0000002a)).isFalse();
        assertThat(ConnectCommand.controllerId(0x00060102)).isEqualTo(0x0102);
        assertThat(ConnectCommand.AUTHENTICATION_REQUIRED).isEqualTo(0x00020000);
        assertThat(ConnectCommand.SECURE_CHANNEL_REQUIRED).isEqualTo(0x00040000);
    }

    @Test
    void refusesNamesWithoutAnEnd() {
        MemorySegment memory = Golden.memory(new byte[ConnectData.BYTES]);
        ConnectData data = new ConnectData().wrap(memory, 0).names("nqn.a", "nqn.b");
        assertThat(data.subsystemNqn()).isEqualTo("nqn.a");
        assertThat(data.hostNqn()).isEqualTo("nqn.b");
        memory.asSlice(256, 256).fill((byte) 'x');
        assertThat(data.subsystemNqn()).isNull();
        assertThat(data.hostNqn()).isEqualTo("nqn.b");
        memory.asSlice(512, 256).fill((byte) 'x');
        assertThat(data.hostNqn()).isNull();
    }

    @Test
    void readsAndWritesPropertyCommands() {
        MemorySegment memory = Golden.memory(new byte[64]);
        Sqe sqe = new Sqe().wrap(memory, 0);
        PropertyCommand.set(sqe, Properties.CAP, 8);
        assertThat(Golden.hex(memory.asSlice(40), 8)).isEqualTo("01000000" + "00000000");
        PropertyCommand.set(sqe, Properties.CC, 4).u64(PropertyCommand.VALUE, 0x0000000000460061L);
        assertThat(Golden.hex(memory.asSlice(40), 16))
                .isEqualTo("00000000" + "14000000" + "6100460000000000");
        assertThat(PropertyCommand.bytes(sqe)).isEqualTo(4);
        assertThat(PropertyCommand.offset(sqe)).isEqualTo(0x14);
        assertThat(PropertyCommand.value(sqe)).isEqualTo(0x460061);
        assertThat(PropertyCommand.bytes(sqe.u8(40, 0xf9))).isEqualTo(8);
        assertThat(PropertyCommand.bytes(sqe.u8(40, 2))).isZero();
    }

    @Test
    void buildsTheCapabilitiesOfATarget() {
        long cap =
                Properties.CAP_MQES.put(127)
                        | Properties.CAP_CQR.put(1)
                        | Properties.CAP_TO.put(15)
                        | Properties.CAP_CSS_NVM.put(1)
                        | Properties.CAP_CSS_IOCSS.put(1)
                        | Properties.CAP_CRWMS.put(1);
        assertThat(cap).isEqualTo(0x0800_0820_0f01_007fL);
        assertThat(Properties.CAP_AMS.put(3) | Properties.CAP_DSTRD.put(15))
                .isEqualTo(0x0000_000f_0006_0000L);
        assertThat(
                        Properties.CAP_NSSRS.put(1)
                                | Properties.CAP_CSS_NONE.put(1)
                                | Properties.CAP_MPSMIN.put(1)
                                | Properties.CAP_MPSMAX.put(15)
                                | Properties.CAP_CRIMS.put(1))
                .isEqualTo(0x10f1_1010_0000_0000L);
    }

    @Test
    void readsTheConfigurationThatLinuxSets() {
        long cc = 0x00460061;
        assertThat(Properties.CC_EN.of(cc)).isEqualTo(1);
        assertThat(Properties.CC_CSS.of(cc)).isEqualTo(Properties.CSS_ALL);
        assertThat(Properties.CC_IOSQES.of(cc)).isEqualTo(6);
        assertThat(Properties.CC_IOCQES.of(cc)).isEqualTo(4);
        assertThat(Properties.CC_SHN.of(0x00464060)).isEqualTo(Properties.SHN_NORMAL);
        assertThat(Properties.CC_MPS.put(15) | Properties.CC_AMS.put(7)).isEqualTo(0x3f80);
        assertThat(Properties.CC_CRIME.put(1)).isEqualTo(0x01000000);
    }

    @Test
    void buildsStatusVersionAndReadyTimeouts() {
        assertThat(Properties.CSTS_RDY.put(1) | Properties.CSTS_CFS.put(1)).isEqualTo(3);
        assertThat(Properties.CSTS_SHST.put(Properties.SHST_COMPLETE)).isEqualTo(8);
        assertThat(Properties.CSTS_NSSRO.put(1)).isEqualTo(16);
        assertThat(Properties.CRTO_CRWMT.put(2) | Properties.CRTO_CRIMT.put(1)).isEqualTo(0x10002);
        assertThat(Properties.version(2, 1, 0)).isEqualTo(0x00020100);
    }
}
