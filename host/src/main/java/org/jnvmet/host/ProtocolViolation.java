package org.jnvmet.host;

/** The controller broke a rule of the protocol; the connection is of no use any more. */
public class ProtocolViolation extends HostException {
    private static final long serialVersionUID = 1;

    public ProtocolViolation(String message) {
        super(message);
    }
}
