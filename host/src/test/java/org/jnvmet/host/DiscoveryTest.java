package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.jnvmet.wire.fabrics.DiscoveryHeader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reading the discovery log of a controller. */
class DiscoveryTest {
    private final HandmadeController target = new HandmadeController();
    private final Host host = new Host(List.of(target), 1, new ManualTimer());

    @BeforeEach
    void isADiscoveryController() {
        target.identity.clear().set(IdentifyController.CNTLID, 7);
    }

    private static byte[] log(int generation, int records) {
        byte[] bytes = new byte[1024 * (records + 1)];
        MemorySegment memory = MemorySegment.ofArray(bytes);
        new DiscoveryHeader()
                .wrap(memory, 0)
                .set(DiscoveryHeader.GENCTR, generation)
                .set(DiscoveryHeader.NUMREC, records);
        for (int i = 0; i < records; i++) {
            new DiscoveryEntry()
                    .wrap(memory, 1024L * (i + 1))
                    .set(DiscoveryEntry.TRTYPE, DiscoveryEntry.TRTYPE_TCP)
                    .set(DiscoveryEntry.ADRFAM, DiscoveryEntry.ADRFAM_IPV6)
                    .set(DiscoveryEntry.SUBTYPE, DiscoveryEntry.SUBTYPE_NVM)
                    .set(DiscoveryEntry.TREQ, DiscoveryEntry.TREQ_NOT_REQUIRED)
                    .set(DiscoveryEntry.PORTID, i)
                    .set(DiscoveryEntry.CNTLID, 0xffff)
                    .set(DiscoveryEntry.ASQSZ, 32)
                    .set(DiscoveryEntry.EFLAGS, DiscoveryEntry.EFLAG_PERSISTENT)
                    .set(DiscoveryEntry.TRSVCID, "4420")
                    .set(DiscoveryEntry.SUBNQN, "nqn.g" + generation + ".n" + i)
                    .set(DiscoveryEntry.TRADDR, "::1")
                    .set(DiscoveryEntry.TSAS_TCP_SECTYPE, DiscoveryEntry.SECTYPE_TLS13);
        }
        return bytes;
    }

    @Test
    void readsAllEntries() {
        target.logs.add(log(5, 6));
        Discovery.Log log =
                Discovery.read(host, ConnectOptions.toDiscovery().transport("handmade"));
        assertThat(log.generation()).isEqualTo(5);
        assertThat(log.entries()).hasSize(6);
        assertThat(log.entries().get(5))
                .isEqualTo(
                        new Discovery.Entry(
                                3,
                                2,
                                2,
                                2,
                                5,
                                0xffff,
                                32,
                                2,
                                "4420",
                                "nqn.g5.n5",
                                "::1",
                                2,
                                new Discovery.Rdma(2, 0, 0, 0)));
        assertThat(target.transcript)
                .containsSubsequence(
                        "log 70, 1024 at 0",
                        "log 70, 4096 at 1024",
                        "log 70, 2048 at 5120",
                        "log 70, 1024 at 0");
    }

    @Test
    void beginsAgainWhenTheLogChangesMeanwhile() {
        target.logs.add(log(1, 2));
        target.logs.add(log(2, 3));
        target.logs.add(log(2, 3));
        Discovery.Log log =
                Discovery.read(host, ConnectOptions.toDiscovery().transport("handmade"));
        assertThat(log.generation()).isEqualTo(2);
        assertThat(log.entries())
                .extracting(Discovery.Entry::subsystemNqn)
                .containsExactly("nqn.g2.n0", "nqn.g2.n1", "nqn.g2.n2");
    }

    @Test
    void refusesLogsThatClaimTooMuch() {
        byte[] huge = log(1, 0);
        huge[15] = (byte) 0x80;
        target.logs.add(huge);
        assertThatThrownBy(() ->
                        Discovery.read(host, ConnectOptions.toDiscovery().transport("handmade")))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessage("discovery log of 9223372036854775808 records");
    }

    @Test
    void refusesUnknownRecordFormats() {
        byte[] strange = log(1, 0);
        strange[16] = 1;
        target.logs.add(strange);
        assertThatThrownBy(() ->
                        Discovery.read(host, ConnectOptions.toDiscovery().transport("handmade")))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessage("discovery log of the unknown record format 1");
    }
}
