package org.jnvmet.configfs.fuse;

import java.nio.ByteBuffer;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/** The first message, in which kernel and file system agree on the protocol. */
final class Protocol {
    /** Bytes of one read or listing that are answered at most. */
    static final int MAX_READ_BYTES = 128 << 10;

    /** Bytes of one write message: a longer write(2) returns short after the first message anyway. */
    private static final int MAX_WRITE_BYTES = 4096;

    private static final int MAJOR = 7;
    private static final int MINOR = 31;
    private static final int MAX_BACKGROUND = 16;

    // Not taken: WRITEBACK_CACHE, which would join and delay writes; SPLICE; ASYNC_DIO.
    private static final int ATOMIC_O_TRUNC = 1 << 3;
    private static final int BIG_WRITES = 1 << 5;
    private static final int PARALLEL_DIROPS = 1 << 18;

    private Protocol() {}

    /** struct fuse_init_out. Refuses a kernel that is too old with EPROTO's nearest, EIO. */
    static ByteBuffer init(Request request) {
        int major = request.u32(0);
        int minor = request.u32(4);
        if (major < MAJOR || (major == MAJOR && minor < MINOR)) {
            throw new ConfigException(
                    Errno.EIO,
                    "the kernel speaks FUSE "
                            + major
                            + "."
                            + minor
                            + ", needed is 7.31 (Linux 5.2)");
        }
        int flags = request.u32(12) & (ATOMIC_O_TRUNC | BIG_WRITES | PARALLEL_DIROPS);
        ByteBuffer body = Answers.body(64);
        body.putInt(MAJOR).putInt(MINOR).putInt(0).putInt(flags);
        body.putShort((short) MAX_BACKGROUND).putShort((short) MAX_BACKGROUND);
        body.putInt(MAX_WRITE_BYTES).putInt(1);
        return body.rewind();
    }
}
