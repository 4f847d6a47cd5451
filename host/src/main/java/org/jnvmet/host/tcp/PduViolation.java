package org.jnvmet.host.tcp;

import org.jnvmet.host.ProtocolViolation;
import org.jnvmet.wire.tcp.FatalError;

/** A PDU that no controller may send; the host answers with H2CTermReq. */
public final class PduViolation extends ProtocolViolation {
    private static final long serialVersionUID = 1;

    private final FatalError error;
    private final int information;

    PduViolation(FatalError error, int information, String message) {
        super(message);
        this.error = error;
        this.information = information;
    }

    /** FES of the host's H2CTermReq. */
    public FatalError error() {
        return error;
    }

    /** FEI of the host's H2CTermReq. */
    public int information() {
        return information;
    }
}
