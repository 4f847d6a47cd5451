package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.ConnectParameters;

/** {@code struct rdma_conn_param} to and from Java. */
final class Parameters {
    /** More than a connection manager of InfiniBand carries, and all that Java's class takes. */
    private static final int MOST_PRIVATE_DATA = 196;

    /** Counts of retries have three bits on the wire. */
    private static final int RETRIES_MASK = 7;

    private Parameters() {}

    /** Address of a structure, with private data, of that arena. */
    static long toNative(Arena arena, ConnectParameters parameters) {
        MemorySegment structure = arena.allocate(Abi.SIZEOF_CONN_PARAM, Abi.SIZEOF_POINTER);
        byte[] data = parameters.privateData();
        structure.set(JAVA_LONG_UNALIGNED, Abi.CONN_PARAM_PRIVATE_DATA, privateData(arena, data));
        setByte(structure, Abi.CONN_PARAM_PRIVATE_DATA_LEN, data.length);
        setByte(structure, Abi.CONN_PARAM_RESPONDER_RESOURCES, parameters.responderResources());
        setByte(structure, Abi.CONN_PARAM_INITIATOR_DEPTH, parameters.initiatorDepth());
        setByte(structure, Abi.CONN_PARAM_FLOW_CONTROL, parameters.getFlow_control());
        setByte(structure, Abi.CONN_PARAM_RETRY_COUNT, parameters.getRetry_count());
        setByte(structure, Abi.CONN_PARAM_RNR_RETRY_COUNT, parameters.getRnr_retry_count());
        return structure.address();
    }

    private static void setByte(MemorySegment structure, int field, int value) {
        structure.set(JAVA_BYTE, field, (byte) value);
    }

    /** Address of a copy; 0 for none. */
    static long privateData(Arena arena, byte[] data) {
        return data.length == 0 ? 0 : arena.allocateFrom(JAVA_BYTE, data).address();
    }

    /** A copy, private data and all; whatever a peer sent is taken. */
    static ConnectParameters toJava(long structure) {
        int bytes =
                Math.min(
                        Abi.getByte(structure, Abi.CONN_PARAM_PRIVATE_DATA_LEN), MOST_PRIVATE_DATA);
        long data = Abi.getLong(structure, Abi.CONN_PARAM_PRIVATE_DATA);
        byte[] copy = new byte[data == 0 ? 0 : bytes];
        if (copy.length > 0) {
            MemorySegment.copy(Abi.slice(data, 0, bytes), JAVA_BYTE, 0, copy, 0, bytes);
        }
        return new ConnectParameters()
                .privateData(copy)
                .responderResources(Abi.getByte(structure, Abi.CONN_PARAM_RESPONDER_RESOURCES))
                .initiatorDepth(Abi.getByte(structure, Abi.CONN_PARAM_INITIATOR_DEPTH))
                .flowControl(Abi.getByte(structure, Abi.CONN_PARAM_FLOW_CONTROL) != 0)
                .retries(Abi.getByte(structure, Abi.CONN_PARAM_RETRY_COUNT) & RETRIES_MASK)
                .receiverNotReadyRetries(
                        Abi.getByte(structure, Abi.CONN_PARAM_RNR_RETRY_COUNT) & RETRIES_MASK);
    }
}
