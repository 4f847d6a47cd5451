package org.jnvmet.verbs;

import java.io.IOException;

/** A call that failed, with its errno and a sentence that names the call. */
public final class VerbsException extends IOException {
    private final int errno;

    /** @param errno as Linux numbers them, positive */
    public VerbsException(String message, int errno) {
        super(message);
        this.errno = errno;
    }

    public int errno() {
        return errno;
    }
}
