package org.jnvmet.wire.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of the private data of NVMe/RDMA. */
class ConnectDataTest {
    @Test
    void putsEachFieldOfARequestWhereTheStandardPutsIt() {
        Golden.of(ConnectRequestData.BYTES, "00: 0201 0403 0605 0807 0a09")
                .with(ConnectRequestData.RECFMT, 0x0102)
                .with(ConnectRequestData.QID, 0x0304)
                .with(ConnectRequestData.HRQSIZE, 0x0506)
                .with(ConnectRequestData.HSQSIZE, 0x0708)
                .with(ConnectRequestData.CNTLID, 0x090a)
                .verify(new ConnectRequestData());
    }

    @Test
    void putsEachFieldOfAnAcceptanceWhereTheStandardPutsIt() {
        Golden.of(ConnectAcceptData.BYTES, "00: 0201 0403")
                .with(ConnectAcceptData.RECFMT, 0x0102)
                .with(ConnectAcceptData.CRQSIZE, 0x0304)
                .verify(new ConnectAcceptData());
    }

    @Test
    void putsEachFieldOfARejectionWhereTheStandardPutsIt() {
        Golden.of(ConnectRejectData.BYTES, "00: 0201 0403")
                .with(ConnectRejectData.RECFMT, 0x0102)
                .with(ConnectRejectData.STS, 0x0304)
                .verify(new ConnectRejectData());
    }

    @Test
    void numbersRefusalsAsTheStandardDoes() {
        assertThat(ConnectRefusal.INVALID_LENGTH.code()).isEqualTo(1);
        assertThat(ConnectRefusal.INVALID_CNTLID.code()).isEqualTo(9);
        assertThat(ConnectRefusal.of(6)).contains(ConnectRefusal.NO_RESOURCES);
        assertThat(ConnectRefusal.of(0)).isEmpty();
        assertThat(ConnectRefusal.of(10)).isEmpty();
    }
}
