package org.jnvmet.p2pmem.pool;

import java.io.IOException;
import org.jnvmet.target.posix.Errno;

/** The kernel, or a provider in its place, refused memory: with its errno and a sentence that names the thing. */
public final class PeerMemoryException extends IOException {
    private static final long serialVersionUID = 1;

    private final Errno errno;

    PeerMemoryException(Errno errno, String what) {
        super(what + ": " + errno);
        this.errno = errno;
    }

    public Errno errno() {
        return errno;
    }
}
