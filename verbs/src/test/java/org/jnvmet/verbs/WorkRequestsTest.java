package org.jnvmet.verbs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What devices read: work requests as {@code infiniband/verbs.h} has them, byte by byte. */
@SuppressWarnings("restricted")
class WorkRequestsTest {
    private static final ValueLayout.OfLong NEXT =
            ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    private long first;
    private int taken = Integer.MAX_VALUE;

    private final SendCall send =
            new SendCall(2, 2) {
                @Override
                protected long post(IbvQP queuePair, long address) {
                    first = address;
                    return taken == Integer.MAX_VALUE
                            ? 0
                            : address + (long) taken * WorkRequests.SEND_BYTES;
                }
            };

    private final ReceiveCall receive =
            new ReceiveCall(2, 2) {
                @Override
                protected long post(IbvQP queuePair, long address) {
                    first = address;
                    return 0;
                }

                @Override
                protected long post(SharedReceiveQueue queue, long address) {
                    first = address;
                    return 0;
                }
            };

    private final SharedReceiveQueue shared =
            new SharedReceiveQueue() {
                @Override
                public long handle() {
                    return 1;
                }
            };

    @AfterEach
    void free() {
        send.free();
        receive.free();
    }

    private static String bytes(long address, int count) {
        MemorySegment memory = MemorySegment.ofAddress(address).reinterpret(count);
        return HexFormat.of().formatHex(memory.toArray(ValueLayout.JAVA_BYTE));
    }

    private static long pointerAt(long address) {
        return MemorySegment.ofAddress(address).reinterpret(8).get(NEXT, 0);
    }

    /** Two work requests: an RDMA WRITE of two segments, and a SEND_WITH_INV without any. */
    private void postBoth() throws IOException {
        int write = send.add(0x1122334455667788L, IbvSendWR.IBV_WR_RDMA_WRITE, 0);
        send.remote(write, 0xaabbccddeeff0011L, 0x01020304);
        send.segment(write, 0x7f0000001000L, 4096, 0x0a0b0c0d);
        send.segment(write, 0x7f0000003000L, 512, 0x0a0b0c0e);
        int reply = send.add(2, SendCall.SEND_WITH_INVALIDATE, IbvSendWR.IBV_SEND_SIGNALED);
        send.invalidate(reply, 0x51525354);
        send.on(anyQueuePair()).execute();
    }

    private static IbvQP anyQueuePair() throws IOException {
        return new Outside().make(() -> new IbvQP(7));
    }

    @Test
    void aChainOfSendsIsLaidOutAsInC() throws IOException {
        postBoth();
        assertThat(bytes(first, 8)).isEqualTo("8877665544332211");
        assertThat(pointerAt(first + 8)).as("next").isEqualTo(first + 128);
        long segments = pointerAt(first + 16);
        assertThat(bytes(first + 24, 104))
                .as("num_sge, opcode, send_flags, imm_data, remote_addr, rkey")
                .isEqualTo(
                        "02000000"
                                + "00000000"
                                + "00000000"
                                + "00000000"
                                + "1100ffeeddccbbaa"
                                + "04030201"
                                + "00".repeat(76));
        assertThat(bytes(segments, 32))
                .as("sg_list")
                .isEqualTo(
                        "001000000"
                                + "07f0000"
                                + "00100000"
                                + "0d0c0b0a"
                                + "003000000"
                                + "07f0000"
                                + "00020000"
                                + "0e0c0b0a");
        assertThat(bytes(first + 128, 16)).isEqualTo("0200000000000000" + "0000000000000000");
        assertThat(bytes(first + 128 + 24, 16))
                .as("num_sge, opcode, send_flags, invalidate_rkey")
                .isEqualTo("00000000" + "09000000" + "02000000" + "54535251");
    }

    @Test
    void aChainOfReceivesIsLaidOutAsInC() throws IOException {
        int at = receive.add(0x0102030405060708L);
        receive.segment(at, 0x7f0000001000L, 4160, 0x0a0b0c0d);
        receive.add(9);
        receive.on(shared).execute();
        assertThat(bytes(first, 8)).isEqualTo("0807060504030201");
        assertThat(pointerAt(first + 8)).as("next").isEqualTo(first + 32);
        assertThat(bytes(first + 24, 8)).as("num_sge").isEqualTo("0100000000000000");
        assertThat(bytes(pointerAt(first + 16), 16))
                .as("sg_list")
                .isEqualTo("001000000" + "07f0000" + "40100000" + "0d0c0b0a");
        assertThat(bytes(first + 32, 16)).isEqualTo("0900000000000000" + "0000000000000000");
        assertThat(receive.posted()).isEqualTo(2);
    }

    @Test
    void tellsHowManyWereTaken() throws IOException {
        taken = 1;
        postBoth();
        assertThat(send.posted()).isEqualTo(1);
        taken = Integer.MAX_VALUE;
        send.execute();
        assertThat(send.posted()).isEqualTo(2);
    }

    @Test
    void refusesMoreThanItWasMadeFor() throws IOException {
        postBoth();
        assertThat(send.isFull()).isTrue();
        assertThatThrownBy(() -> send.add(3, IbvSendWR.IBV_WR_SEND, 0))
                .hasMessage("all 2 work requests are in use");
        assertThatThrownBy(() -> send.segment(0, 1, 1, 1)).hasMessage("all 2 segments are in use");
        send.clear();
        int at = send.add(4, IbvSendWR.IBV_WR_SEND, 0);
        send.on(anyQueuePair()).execute();
        assertThat(bytes(first + 8, 8)).as("next of the last").isEqualTo("0000000000000000");
        assertThat(bytes(first + 24, 16)).isEqualTo("00000000" + "02000000" + "00".repeat(8));
        assertThat(at).isZero();
    }

    @Test
    void cannotBePostedAfterItsMemoryIsFreed() throws IOException {
        postBoth();
        send.free();
        assertThatThrownBy(send::execute).isInstanceOf(IllegalStateException.class);
        assertThat(send.isValid()).isFalse();
    }

    /** A provider whose calls nobody makes. */
    private static final class Outside extends VerbsProvider {
        @Override
        @SuppressWarnings("NullAway")
        public ConnectionManager openCm() {
            return null;
        }

        @Override
        @SuppressWarnings("NullAway")
        public Verbs openVerbs() {
            return null;
        }
    }
}
