package org.jnvmet.wire.tcp;

import java.util.Optional;

/** Fatal Error Status of a termination request (NVMe/TCP Transport, H2CTermReq and C2HTermReq). */
public enum FatalError {
    INVALID_HEADER_FIELD(1, "invalid PDU header field"),
    PDU_SEQUENCE_ERROR(2, "PDU sequence error"),
    HEADER_DIGEST_ERROR(3, "header digest error"),
    DATA_OUT_OF_RANGE(4, "data transfer out of range"),

    /** The code has two meanings: which one depends on who ends the connection. */
    LIMIT_EXCEEDED(5, "data transfer limit exceeded") {
        @Override
        public String meaningFromHost() {
            return "R2T limit exceeded";
        }
    },
    UNSUPPORTED_PARAMETER(6, "unsupported parameter");

    private final int code;
    private final String meaning;

    FatalError(int code, String meaning) {
        this.code = code;
        this.meaning = meaning;
    }

    public int code() {
        return code;
    }

    /** What it means in a C2HTermReq. */
    public String meaningFromController() {
        return meaning;
    }

    /** What it means in an H2CTermReq. */
    public String meaningFromHost() {
        return meaning;
    }

    /** The status with this code; empty for a code the standard does not know. */
    public static Optional<FatalError> of(int code) {
        for (FatalError error : values()) {
            if (error.code == code) {
                return Optional.of(error);
            }
        }
        return Optional.empty();
    }
}
