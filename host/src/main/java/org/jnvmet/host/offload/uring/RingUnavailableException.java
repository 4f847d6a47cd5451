package org.jnvmet.host.offload.uring;

import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.Errno;

/** This machine has no io_uring for this process; the message says why. */
final class RingUnavailableException extends HostException {
    private static final long serialVersionUID = 1;

    RingUnavailableException(String message) {
        super(message);
    }

    /** What an error number of io_uring_setup, or of the mapping after it, means. */
    static RingUnavailableException because(int errno) {
        return new RingUnavailableException(
                switch (errno) {
                    case Errno.ENOSYS -> "this kernel has no io_uring";
                    case Errno.EPERM, Errno.EACCES ->
                            "io_uring is forbidden here, by kernel.io_uring_disabled or a filter of"
                                    + " system calls";
                    case Errno.ENOMEM -> "no memory for an io_uring: see ulimit -l";
                    default -> "io_uring cannot be set up: " + Errno.text(errno);
                });
    }
}
