package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Messages and remote accesses of a connection, as they should be. */
class DataTest {
    private final SoftwareFabric fabric = Pair.fabric();
    private Pair pair;
    private End host;
    private End target;

    @BeforeEach
    void connect() throws IOException {
        pair = new Pair(fabric);
        host = pair.host;
        target = pair.target;
        fill(host, 1);
        fill(target, 2);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        pair.close();
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        fabric.close();
    }

    private static void fill(End end, long seed) {
        byte[] bytes = new byte[End.BYTES];
        new Random(seed).nextBytes(bytes);
        MemorySegment.copy(bytes, 0, end.memory, JAVA_BYTE, 0, bytes.length);
    }

    private static byte[] bytes(End end, long offset, int count) {
        return end.memory.asSlice(offset, count).toArray(JAVA_BYTE);
    }

    @Test
    void sendFillsAReceive() throws IOException {
        target.receive(5, 1024, 200);
        host.send(9, 64, 100);

        IbvWC received = target.completion();
        IbvWC sent = host.completion();

        assertThat(received.getWr_id()).isEqualTo(5);
        assertThat(received.getStatus()).isZero();
        assertThat(received.getOpcode()).isEqualTo(128);
        assertThat(received.getByte_len()).isEqualTo(100);
        assertThat(received.getQp_num()).isEqualTo(target.queuePair.getQp_num());
        assertThat(sent.getWr_id()).isEqualTo(9);
        assertThat(sent.getStatus()).isZero();
        assertThat(sent.getOpcode()).isZero();
        assertThat(sent.getQp_num()).isEqualTo(host.queuePair.getQp_num());
        assertThat(bytes(target, 1024, 100)).isEqualTo(bytes(host, 64, 100));
    }

    @Test
    void readBringsAndWriteTakes() throws IOException {
        byte[] there = bytes(host, 4096, 3000);
        target.transfer(1, IbvSendWR.IBV_WR_RDMA_READ, 4096, 3000, host);
        IbvWC read = target.completion();
        target.transfer(2, IbvSendWR.IBV_WR_RDMA_WRITE, 8192, 5000, host);
        IbvWC write = target.completion();

        assertThat(read.getStatus()).isZero();
        assertThat(read.getOpcode()).isEqualTo(2);
        assertThat(bytes(target, 4096, 3000)).isEqualTo(there);
        assertThat(write.getStatus()).isZero();
        assertThat(write.getOpcode()).isEqualTo(1);
        assertThat(bytes(host, 8192, 5000)).isEqualTo(bytes(target, 8192, 5000));
        assertThat(host.polls()).isZero();
    }
}
