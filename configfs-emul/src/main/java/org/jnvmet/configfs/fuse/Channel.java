package org.jnvmet.configfs.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open /dev/fuse of one mount. Any thread that holds it may receive and answer; the last one to let go closes it,
 * so that no answer can go to a descriptor that was closed and opened again for something else.
 */
final class Channel {
    /** Room for the largest message: a write of one page. The kernel asks for 8 KiB at least. */
    static final int MESSAGE_BYTES = 16 << 10;

    private static final Logger LOG = LoggerFactory.getLogger(Channel.class);
    private static final int HEADER_BYTES = 16;
    private static final int EINTR = 4;
    private static final int ECONNABORTED = 103;

    private final int fd;
    private final AtomicInteger holders = new AtomicInteger(1);

    private Channel(int fd) {
        this.fd = fd;
    }

    /** Opens it, held once. */
    static Channel open() throws Libc.Failure {
        return new Channel(Libc.open("/dev/fuse"));
    }

    int fd() {
        return fd;
    }

    /** For a thread that holds it already to give to another. */
    void hold() {
        holders.incrementAndGet();
    }

    void release() {
        if (holders.decrementAndGet() > 0) {
            return;
        }
        try {
            Libc.close(fd);
        } catch (Libc.Failure failure) {
            LOG.warn("closing /dev/fuse: {}", failure.getMessage());
        }
    }

    /** Waits for the next message; null when the file system has been unmounted. */
    @Nullable Request receive(MemorySegment buffer) {
        while (true) {
            try {
                long length = Libc.read(fd, buffer);
                if (length < Request.HEADER_BYTES) {
                    LOG.error("/dev/fuse gave a message of {} bytes", length);
                    return null;
                }
                return new Request(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE));
            } catch (Libc.Failure failure) {
                // ENOENT: the caller went away before the message was read.
                if (failure.is(Errno.ENOENT)
                        || failure.is(Errno.EAGAIN)
                        || failure.number() == EINTR) {
                    continue;
                }
                if (!failure.is(Errno.ENODEV) && failure.number() != ECONNABORTED) {
                    LOG.error("reading /dev/fuse: {}", failure.getMessage());
                }
                return null;
            }
        }
    }

    /** Answers with success and a body. */
    void answer(Request request, ByteBuffer body) {
        send(request, 0, body);
    }

    /** Answers with an error. */
    void refuse(Request request, Errno errno) {
        send(request, -errno.number(), Answers.EMPTY);
    }

    private void send(Request request, int error, ByteBuffer body) {
        ByteBuffer message =
                ByteBuffer.allocate(HEADER_BYTES + body.remaining()).order(ByteOrder.nativeOrder());
        message.putInt(message.capacity())
                .putInt(error)
                .putLong(request.unique())
                .put(body.duplicate());
        try (Arena arena = Arena.ofConfined()) {
            Libc.write(fd, arena.allocateFrom(ValueLayout.JAVA_BYTE, message.array()));
        } catch (Libc.Failure failure) {
            // ENOENT, ENODEV: nobody waits any more, because the file system was unmounted by
            // force.
            if (!failure.is(Errno.ENOENT) && !failure.is(Errno.ENODEV)) {
                LOG.error("answering operation {}: {}", request.opcode(), failure.getMessage());
            }
        }
    }
}
