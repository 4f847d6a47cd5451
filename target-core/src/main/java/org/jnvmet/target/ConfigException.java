package org.jnvmet.target;

import org.jnvmet.target.posix.Errno;

/** A configuration change was refused: the errno for the caller and one sentence for people. Nothing has changed. */
public final class ConfigException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Errno errno;

    /** {@code why} names the thing and its value: "port 1 is enabled: addr_traddr cannot change". */
    public ConfigException(Errno errno, String why) {
        super(why);
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }
}
