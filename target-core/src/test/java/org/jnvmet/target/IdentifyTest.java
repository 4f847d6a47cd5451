package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.UUID;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets are written as the standard has them: a wrong constant in the product cannot hide. */
class IdentifyTest {
    private final CoreFixture fixture = new CoreFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void describesAnIoController() {
        fixture.subsystem.serial("SER1");
        fixture.subsystem.model("a model");
        fixture.subsystem.firmware("fw 1");
        fixture.subsystem.vendorId(0x1234);
        fixture.subsystem.subsystemVendorId(0x5678);
        fixture.subsystem.ieeeOui(0x0a0b0c);
        TestQueue admin = fixture.admin();

        TestQueue.Completion id = CoreFixture.identify(admin, 1, 0);

        assertThat(id.is(Status.SUCCESS)).isTrue();
        assertThat(id.u16(0)).isEqualTo(0x1234);
        assertThat(id.u16(2)).isEqualTo(0x5678);
        assertThat(id.text(4, 20)).isEqualTo("SER1                ");
        assertThat(id.text(24, 40)).startsWith("a model   ").endsWith(" ");
        assertThat(id.text(64, 8)).isEqualTo("fw 1    ");
        assertThat(Arrays.copyOfRange(id.data(), 73, 76)).containsExactly(0x0c, 0x0b, 0x0a);
        assertThat(id.u8(76)).as("CMIC").isEqualTo(0x0b);
        assertThat(id.u8(77)).as("MDTS").isEqualTo(8); // 1 MiB
        assertThat(id.u16(78)).as("CNTLID").isEqualTo(CoreFixture.controller(admin).id());
        assertThat(id.u32(80)).as("VER").isEqualTo(0x0002_0100);
        assertThat(id.u32(92)).as("OAES").isEqualTo(0x900);
        assertThat(id.u32(96)).as("CTRATT").isEqualTo(0x41);
        assertThat(id.u8(111)).as("CNTRLTYPE").isEqualTo(1);
        assertThat(id.u16(256)).as("OACS").isZero();
        assertThat(id.u8(258)).as("ACL").isEqualTo(3);
        assertThat(id.u8(259)).as("AERL").isEqualTo(3);
        assertThat(id.u8(261)).as("LPA").isEqualTo(0x06);
        assertThat(id.u8(262)).as("ELPE").isEqualTo(127);
        assertThat(id.u16(320)).as("KAS").isEqualTo(10);
        assertThat(id.u8(342)).as("ANATT").isEqualTo(10);
        assertThat(id.u8(343)).as("ANACAP").isEqualTo(0x1f);
        assertThat(id.u32(344)).as("ANAGRPMAX").isEqualTo(128);
        assertThat(id.u32(348)).as("NANAGRPID").isEqualTo(128);
        assertThat(id.u8(512)).as("SQES").isEqualTo(0x66);
        assertThat(id.u8(513)).as("CQES").isEqualTo(0x44);
        assertThat(id.u16(514)).as("MAXCMD").isEqualTo(1024);
        assertThat(id.u32(516)).as("NN").isEqualTo(1024);
        assertThat(id.u16(520)).as("ONCS").isEqualTo(0x51d);
        assertThat(id.u16(522)).as("FUSES").isZero();
        assertThat(id.u8(525)).as("VWC").isEqualTo(0x05);
        assertThat(id.u16(534)).as("OCFS").isEqualTo(0xf);
        assertThat(id.u32(540)).as("MNAN").isEqualTo(1024);
        assertThat(id.text(768, CoreFixture.SUBSYSTEM.length() + 1))
                .isEqualTo(CoreFixture.SUBSYSTEM + "\0");
        assertThat(id.u32(1792)).as("IOCCSZ").isEqualTo((64 + 16384) / 16);
        assertThat(id.u32(1796)).as("IORCSZ").isEqualTo(1);
        assertThat(id.u16(1800)).as("ICDOFF").isZero();
        assertThat(id.u8(1802)).as("FCATT").isZero();
        assertThat(id.u8(1803)).as("MSDBD").isEqualTo(1);
        assertThat(id.u16(1804)).as("OFCS").isEqualTo(1);
    }

    @Test
    void describesADiscoveryController() {
        TestQueue.Completion id = CoreFixture.identify(fixture.discovery(), 1, 0);

        assertThat(id.u8(111)).as("CNTRLTYPE").isEqualTo(2);
        assertThat(id.u32(92)).as("OAES").isEqualTo(1 << 31);
        assertThat(id.u8(261) & 4).as("LPA: extended data").isEqualTo(4);
        assertThat(id.text(768, Target.DISCOVERY_NQN.length())).isEqualTo(Target.DISCOVERY_NQN);
        assertThat(id.u32(516)).as("NN").isZero();
    }

    @Test
    void fixesTheIdentityOnceAHostHasSeenIt() {
        CoreFixture.identify(fixture.admin(), 1, 0);

        TargetFixture.refuses(
                org.jnvmet.target.posix.Errno.EINVAL, () -> fixture.subsystem.serial("later"));
    }

    @Test
    void describesANamespace() {
        UUID nguid = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
        Namespace namespace = fixture.subsystem.createNamespace(7);
        namespace.devicePath("mem:8K");
        namespace.nguid(nguid);
        namespace.anaGroup(5);
        namespace.enable();
        fixture.port.createAnaGroup(5);
        fixture.port.anaState(5, AnaState.OPTIMIZED);

        TestQueue.Completion id = CoreFixture.identify(fixture.admin(), 0, 7);

        assertThat(id.u64(0)).as("NSZE").isEqualTo(2);
        assertThat(id.u64(8)).as("NCAP").isEqualTo(2);
        assertThat(id.u64(16)).as("NUSE").isEqualTo(2);
        assertThat(id.u8(24) & 1).as("thin").isEqualTo(1);
        assertThat(id.u8(25)).as("NLBAF").isZero();
        assertThat(id.u8(30)).as("NMIC").isEqualTo(1);
        assertThat(id.u8(33)).as("DLFEAT").isEqualTo(0x09);
        assertThat(id.u16(74)).as("MSSRL").isEqualTo(65_535);
        assertThat(id.u32(76)).as("MCL").isEqualTo(131_072);
        assertThat(id.u8(80)).as("MSRC").isEqualTo(255);
        assertThat(id.u32(92)).as("ANAGRPID").isEqualTo(5);
        assertThat(Arrays.copyOfRange(id.data(), 104, 108)).containsExactly(0x00, 0x11, 0x22, 0x33);
        assertThat(id.u8(130)).as("LBADS").isEqualTo(12);
    }

    @Test
    void hidesTheUtilizationOfAnInaccessibleNamespace() {
        fixture.port.anaState(1, AnaState.INACCESSIBLE);

        TestQueue.Completion id = CoreFixture.identify(fixture.admin(), 0, 1);

        assertThat(id.u64(0)).isEqualTo(256);
        assertThat(id.u64(16)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 5, 8})
    void describesAnInactiveNamespaceByZeroes(int cns) {
        fixture.subsystem.createNamespace(9);
        TestQueue admin = fixture.admin();

        for (int nsid : new int[] {9, 500}) {
            TestQueue.Completion id = CoreFixture.identify(admin, cns, nsid);
            assertThat(id.is(Status.SUCCESS)).isTrue();
            assertThat(id.data()).containsOnly(0).hasSize(4096);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 0, 00b",
        "0, -1, 00b",
        "8, -1, 00b",
        "3, 5, 00b",
        "3, 0, 00b",
        "2, -1, 00b",
        "2, -2, 00b",
        "4, 0, 002",
        "16, 0, 002",
        "255, 1, 002"
    })
    void refusesWhatDoesNotExist(int cns, int nsid, String code) {
        TestQueue admin = fixture.admin();

        TestQueue.Completion id =
                admin.read(
                        TestQueue.admin(AdminOpcode.IDENTIFY)
                                .andThen(sqe -> sqe.u32(Sqe.NSID, nsid).u8(Sqe.CDW10, cns)),
                        4096);

        assertThat(id.status()).isEqualTo(Integer.parseInt(code, 16) | Status.DNR);
    }

    @Test
    void listsActiveNamespacesInOrder() {
        fixture.namespace(0xffff_fffe, "mem:4K");
        fixture.namespace(300, "mem:4K");
        fixture.subsystem.createNamespace(20);
        TestQueue admin = fixture.admin();

        TestQueue.Completion all = CoreFixture.identify(admin, 2, 0);
        TestQueue.Completion after = CoreFixture.identify(admin, 7, 1);

        assertThat(new int[] {all.u32(0), all.u32(4), all.u32(8), all.u32(12)})
                .containsExactly(1, 300, 0xffff_fffe, 0);
        assertThat(new int[] {after.u32(0), after.u32(4), after.u32(8)})
                .containsExactly(300, 0xffff_fffe, 0);
        assertThat(CoreFixture.identify(admin, 1, 0).u32(516)).isEqualTo(0xffff_fffe);
    }

    @Test
    void listsAThousandNamespaces() {
        for (int nsid = 2; nsid <= 1024; nsid++) {
            fixture.namespace(nsid, "null:4K");
        }

        TestQueue.Completion list = CoreFixture.identify(fixture.admin(), 2, 0);

        assertThat(list.u32(0)).isEqualTo(1);
        assertThat(list.u32(4092)).isEqualTo(1024);
    }

    @Test
    void givesTheIdentifiersOfANamespace() {
        UUID uuid = UUID.fromString("01234567-89ab-cdef-0123-456789abcdef");
        Namespace namespace = fixture.subsystem.createNamespace(2);
        namespace.devicePath("mem:4K");
        namespace.uuid(uuid);
        namespace.enable();

        TestQueue.Completion id = CoreFixture.identify(fixture.admin(), 3, 2);

        assertThat(Arrays.copyOfRange(id.data(), 0, 8))
                .containsExactly(3, 16, 0, 0, 0x01, 0x23, 0x45, 0x67);
        assertThat(Arrays.copyOfRange(id.data(), 20, 26)).containsExactly(4, 1, 0, 0, 0, 0);
    }

    @Test
    void knowsTheNvmCommandSetOnly() {
        TestQueue admin = fixture.admin();

        assertThat(CoreFixture.identify(admin, 0x1c, 0).u64(0)).isEqualTo(1);
        assertThat(CoreFixture.identify(admin, 6, 0).is(Status.SUCCESS)).isTrue();
        for (int cns : new int[] {5, 6, 7}) {
            TestQueue.Completion zoned =
                    admin.read(
                            TestQueue.admin(AdminOpcode.IDENTIFY)
                                    .andThen(sqe ->
                                            sqe.u32(Sqe.NSID, 1)
                                                    .u8(Sqe.CDW10, cns)
                                                    .u8(Sqe.CDW11 + 3, 2)),
                            4096);
            assertThat(zoned.is(Status.INVALID_FIELD)).isTrue();
        }
    }

    @Test
    void marksANamespaceReady() {
        TestQueue.Completion id = CoreFixture.identify(fixture.admin(), 8, 1);

        assertThat(id.u8(1)).as("NMIC").isEqualTo(1);
        assertThat(id.u32(4)).as("ANAGRPID").isEqualTo(1);
        assertThat(id.u8(14)).as("NSTAT").isEqualTo(1);
    }

    @Test
    void movesExactlyOnePage() {
        TestQueue.Completion id =
                fixture.admin()
                        .read(
                                TestQueue.admin(AdminOpcode.IDENTIFY)
                                        .andThen(sqe -> sqe.u8(Sqe.CDW10, 1)),
                                4095);

        assertThat(id.is(Status.SGL_DATA_LENGTH_INVALID)).isTrue();
    }
}
