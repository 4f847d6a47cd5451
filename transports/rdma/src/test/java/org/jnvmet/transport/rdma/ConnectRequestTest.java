package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HexFormat;
import org.jnvmet.transport.rdma.ConnectRequest.RefusedException;
import org.jnvmet.wire.rdma.ConnectRefusal;
import org.junit.jupiter.api.Test;

class ConnectRequestTest {
    private static final ConnectRequest.Bounds BOUNDS = new ConnectRequest.Bounds(128, 64, 16);

    /** What a Linux host sent for an admin queue, padded by the connection manager. */
    @Test
    void takesWhatLinuxSends() throws RefusedException {
        byte[] padded = Arrays.copyOf(HexFormat.of().parseHex("0000000020001f00"), 56);

        assertThat(ConnectRequest.of(padded, 128, BOUNDS)).isEqualTo(new ConnectRequest(0, 32, 16));
        assertThat(ConnectRequest.of(Commands.request(5, 64), 4, BOUNDS))
                .isEqualTo(new ConnectRequest(5, 64, 4));
    }

    @Test
    void refusesWithTheCodeOfTheStandard() {
        refuses(new byte[31], 1, ConnectRefusal.INVALID_LENGTH);
        refuses(Commands.request(1, 0, 32, 31), 1, ConnectRefusal.INVALID_RECORD_FORMAT);
        refuses(Commands.request(129, 32), 1, ConnectRefusal.INVALID_QUEUE_ID);
        refuses(Commands.request(0xffff, 32), 1, ConnectRefusal.INVALID_QUEUE_ID);
        refuses(Commands.request(0, 33), 1, ConnectRefusal.INVALID_HSQSIZE);
        refuses(Commands.request(1, 65), 1, ConnectRefusal.INVALID_HSQSIZE);
        refuses(Commands.request(0, 1, 32, 0xffff), 1, ConnectRefusal.INVALID_HSQSIZE);
        refuses(Commands.request(0, 1, 32, 0), 1, ConnectRefusal.INVALID_HSQSIZE);
        refuses(Commands.request(0, 1, 0, 31), 1, ConnectRefusal.INVALID_HRQSIZE);
        refuses(Commands.request(1, 32), 0, ConnectRefusal.INVALID_IRD);
    }

    @Test
    void answersInTheLayoutOfTheStandard() {
        assertThat(new ConnectRequest(1, 0x102, 1).acceptance())
                .isEqualTo(new Bytes(32).u16(2, 0x102).array());
        assertThat(ConnectRequest.rejection(ConnectRefusal.NO_RESOURCES))
                .isEqualTo(HexFormat.of().parseHex("00000600"));
    }

    private static void refuses(byte[] privateData, int depth, ConnectRefusal refusal) {
        assertThatThrownBy(() -> ConnectRequest.of(privateData, depth, BOUNDS))
                .isInstanceOfSatisfying(
                        RefusedException.class, e -> assertThat(e.refusal()).isEqualTo(refusal));
    }
}
