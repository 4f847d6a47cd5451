package org.jnvmet.host;

/** A connection or a controller that cannot be used (any more). A failing command is no exception. */
public class HostException extends RuntimeException {
    private static final long serialVersionUID = 1;

    public HostException(String message) {
        super(message);
    }

    public HostException(String message, Throwable cause) {
        super(message, cause);
    }
}
