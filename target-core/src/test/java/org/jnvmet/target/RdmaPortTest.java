package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.target.spi.Staging;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.fabrics.Properties;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What hosts are told of a port of RDMA. Offsets are written as the standard has them. */
class RdmaPortTest {
    private static final int ENTRY = 1024;

    private final CoreFixture fixture = new CoreFixture(Staging.NONE, "rdma");

    @AfterEach
    void close() {
        fixture.close();
    }

    private void again(int inlineBytes, int entries) {
        fixture.port.unlink(fixture.subsystem);
        fixture.settle();
        fixture.port.inlineDataBytes(inlineBytes);
        fixture.port.maxQueueEntries(entries);
        fixture.port.link(fixture.subsystem);
    }

    /** In-capsule bytes and entries: as set, and as found after the link; IOCCSZ and MSDBD of Identify. */
    @ParameterizedTest
    @CsvSource({
        "   -1,     -1,  4096, 128,  260, 16",
        "    0,      1,     0,  16,    4,  1",
        "   64,    256,    64, 256,    8,  4",
        "16384,    300, 16384, 256, 1028, 16",
        "16385, 100000, 16384, 256, 1028, 16"
    })
    void keepsItsLimits(
            int inlineBytes, int entries, int inline, int found, int ioccsz, int msdbd) {
        again(inlineBytes, entries);
        assertThat(fixture.port.inlineDataBytes()).isEqualTo(inline);
        assertThat(fixture.port.maxQueueEntries()).isEqualTo(found);
        TestQueue admin = fixture.admin();
        assertThat(CoreFixture.property(admin, Properties.CAP) & 0xffff)
                .as("MQES")
                .isEqualTo(found - 1);
        TestQueue.Completion identity = CoreFixture.identify(admin, 1, 0);
        assertThat(identity.u16(514)).as("MAXCMD").isEqualTo(found);
        assertThat(identity.u32(536)).as("SGLS").isEqualTo(0x100005);
        assertThat(identity.u32(1792)).as("IOCCSZ").isEqualTo(ioccsz);
        assertThat(identity.u32(1796)).as("IORCSZ").isEqualTo(1);
        assertThat(identity.u16(1800)).as("ICDOFF").isZero();
        assertThat(identity.u8(1803)).as("MSDBD").isEqualTo(msdbd);
    }

    @Test
    void isDiscovered() {
        TestQueue.Completion log =
                LogPageTest.read(fixture.discovery(), LogPage.DISCOVERY, 3 * ENTRY, 0);
        for (int at = ENTRY; at <= 2 * ENTRY; at += ENTRY) {
            assertThat(log.u8(at)).as("TRTYPE").isEqualTo(1);
            assertThat(log.u8(at + 1)).as("ADRFAM").isEqualTo(1);
            assertThat(log.text(at + 32, 32).trim()).isEqualTo("4420");
            assertThat(log.text(at + 512, 256).trim()).isEqualTo("192.0.2.1");
            assertThat(log.u8(at + 768)).as("RDMA_QPTYPE: connected").isEqualTo(1);
            assertThat(log.u8(at + 769)).as("RDMA_PRTYPE: none").isEqualTo(1);
            assertThat(log.u8(at + 770)).as("RDMA_CMS: RDMA_CM").isEqualTo(1);
            assertThat(log.u16(at + 776)).as("RDMA_PKEY").isZero();
        }
    }

    @Test
    void isDiscoveredByTheAddressThatTheHostHasReached() {
        fixture.port.unlink(fixture.subsystem);
        fixture.settle();
        fixture.port.changeAddress(
                address -> address.withAdrfam("ipv6").withTraddr("::").withTrsvcid("4420"));
        fixture.port.link(fixture.subsystem);
        TestQueue.Completion log =
                LogPageTest.read(fixture.discovery(), LogPage.DISCOVERY, 3 * ENTRY, 0);
        assertThat(log.text(2 * ENTRY + 512, 256).trim()).isEqualTo("192.0.2.1");
        assertThat(log.u8(2 * ENTRY + 1)).as("ADRFAM").isEqualTo(1);
        assertThat(log.u8(2 * ENTRY)).as("TRTYPE").isEqualTo(1);
    }
}
