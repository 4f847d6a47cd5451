package org.jnvmet.verbs;

import com.ibm.disni.verbs.RdmaConnParam;

/**
 * Parameters of a connection: all of {@code struct rdma_conn_param}, of which DiSNI's class lets nobody set
 * half. DiSNI's getters return the same values as signed bytes.
 */
public final class ConnectParameters extends RdmaConnParam {
    /** Greatest number of resources, depth. */
    public static final int MAX_DEPTH = 255;

    /** Greatest count of retries: for the receiver that is not ready, without end. */
    public static final int MAX_RETRIES = 7;

    private static final int MAX_PRIVATE_DATA = 196;

    private byte[] privateData = {};

    public byte[] privateData() {
        return privateData.clone();
    }

    /** Up to 196 bytes; what the other side gets may be padded with zeroes. */
    public ConnectParameters privateData(byte[] bytes) {
        checked(bytes.length, MAX_PRIVATE_DATA, "private data of");
        privateData = bytes.clone();
        private_data_len = (byte) bytes.length;
        return this;
    }

    /** RDMA READs of the other side that this side serves at a time. */
    public int responderResources() {
        return Byte.toUnsignedInt(responder_resources);
    }

    public ConnectParameters responderResources(int count) {
        responder_resources = checked(count, MAX_DEPTH, "responder resources");
        return this;
    }

    /** RDMA READs that this side has under way at a time. */
    public int initiatorDepth() {
        return Byte.toUnsignedInt(initiator_depth);
    }

    public ConnectParameters initiatorDepth(int count) {
        initiator_depth = checked(count, MAX_DEPTH, "initiator depth");
        return this;
    }

    public ConnectParameters flowControl(boolean wanted) {
        flow_control = (byte) (wanted ? 1 : 0);
        return this;
    }

    /** How often a message that is not acknowledged is repeated; of connect only. */
    public ConnectParameters retries(int count) {
        retry_count = checked(count, MAX_RETRIES, "retries");
        return this;
    }

    /** How often a message is repeated that finds no receive posted. */
    public ConnectParameters receiverNotReadyRetries(int count) {
        rnr_retry_count = checked(count, MAX_RETRIES, "retries");
        return this;
    }

    private static byte checked(int value, int most, String what) {
        if (value < 0 || value > most) {
            throw new IllegalArgumentException("%s %d, of at most %d".formatted(what, value, most));
        }
        return (byte) value;
    }
}
