package org.jnvmet.wire.rdma;

import java.util.Optional;

/** Why a connection request is rejected (NVMe/RDMA Transport, RDMA_CM_REJECT, status codes). */
public enum ConnectRefusal {
    INVALID_LENGTH(1, "invalid private data length"),
    INVALID_RECORD_FORMAT(2, "invalid record format"),
    INVALID_QUEUE_ID(3, "invalid queue identifier"),
    INVALID_HSQSIZE(4, "invalid host send queue size"),
    INVALID_HRQSIZE(5, "invalid host receive queue size"),
    NO_RESOURCES(6, "no resources"),
    INVALID_IRD(7, "invalid inbound RDMA read depth"),
    INVALID_ORD(8, "invalid outbound RDMA read depth"),
    INVALID_CNTLID(9, "invalid controller identifier");

    private final int code;
    private final String meaning;

    ConnectRefusal(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    public int code() {
        return code;
    }

    /** In words. */
    public String meaning() {
        return meaning;
    }

    /** The refusal with this code; empty for a code the standard does not know. */
    public static Optional<ConnectRefusal> of(int code) {
        for (ConnectRefusal refusal : values()) {
            if (refusal.code == code) {
                return Optional.of(refusal);
            }
        }
        return Optional.empty();
    }
}
