package org.jnvmet.conf;

/** A configuration file cannot be used. The message names the key and says why in one line. */
public final class ConfigFileException extends RuntimeException {
    private static final long serialVersionUID = 1;

    ConfigFileException(String where, String why) {
        super(where.isEmpty() ? why : where + ": " + why);
    }
}
