package org.jnvmet.host;

/** The same host is connected to the same subsystem along the same way already (Linux: EALREADY). */
public final class AlreadyConnectedException extends HostException {
    private static final long serialVersionUID = 1;

    AlreadyConnectedException(String controller) {
        super("already connected to " + controller);
    }
}
