package org.jnvmet.verbs.software;

import org.jnvmet.verbs.VerbsException;

/** Error numbers of Linux, as far as this provider fails with them. */
final class Errno {
    static final int EIO = 5;
    static final int EBADF = 9;
    static final int ENOMEM = 12;
    static final int EFAULT = 14;
    static final int EBUSY = 16;
    static final int ENODEV = 19;
    static final int EINVAL = 22;
    static final int EOPNOTSUPP = 95;
    static final int EADDRINUSE = 98;
    static final int EADDRNOTAVAIL = 99;
    static final int EHOSTUNREACH = 113;

    private Errno() {}

    /** A call that fails. */
    static VerbsException of(int errno, String call, String why) {
        return new VerbsException("%s: %s (errno %d)".formatted(call, why, errno), errno);
    }
}
