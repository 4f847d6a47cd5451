package org.jnvmet.configfs.fuse;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The threads of one mount. Readers take messages and answer at once what cannot take long; what may, goes to a
 * thread of its own, so that a slow operation keeps nobody waiting but its caller, and those whom the kernel makes
 * wait for the same directory: as on configfs, a rmdir holds the directory above until it is done.
 *
 * <p>They are platform threads: opening a medium may hang in a native call, which would hold on to one of the few
 * carriers of virtual threads.
 */
final class Server {
    /** Operations that may take long, at one time; more are told to try again. */
    static final int MOST_RUNNING = 1024;

    private static final Logger LOG = LoggerFactory.getLogger(Server.class);
    private static final int READERS = 2;

    private final Channel channel;
    private final Operations operations;
    private final ExecutorService workers =
            new ThreadPoolExecutor(
                    0,
                    MOST_RUNNING,
                    10,
                    TimeUnit.SECONDS,
                    new SynchronousQueue<>(),
                    Thread.ofPlatform().daemon().name("fuse-worker-", 0).factory());
    private final CountDownLatch started = new CountDownLatch(1);
    private final CountDownLatch ended = new CountDownLatch(READERS);
    private volatile @Nullable String startFailure;

    /** Takes over the channel, which is held once. */
    Server(Channel channel, Operations operations) {
        this.channel = channel;
        this.operations = operations;
    }

    /** Starts the readers and returns when kernel and server have agreed on the protocol. */
    void start(Duration limit) throws IOException, InterruptedException {
        for (int reader = 0; reader < READERS; reader++) {
            channel.hold();
            Thread.ofPlatform().daemon().name("fuse-" + reader).start(this::read);
        }
        channel.release();
        if (!started.await(limit.toMillis(), TimeUnit.MILLISECONDS)) {
            throw new IOException(
                    "the kernel did not begin the FUSE protocol within "
                            + limit.toSeconds()
                            + " s");
        }
        String failure = startFailure;
        if (failure != null) {
            throw new IOException(failure);
        }
    }

    /** Waits until the file system has been unmounted. */
    boolean awaitEnd(Duration limit) throws InterruptedException {
        return ended.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    private void read() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment buffer = arena.allocate(Channel.MESSAGE_BYTES, Long.BYTES);
            for (Request request = channel.receive(buffer);
                    request != null;
                    request = channel.receive(buffer)) {
                dispatch(request);
            }
        } finally {
            ended.countDown();
            channel.release();
            if (ended.getCount() == 0) {
                workers.shutdown();
            }
        }
    }

    private void dispatch(Request request) {
        Opcode opcode = Opcode.of(request.opcode());
        if (opcode == null) {
            channel.refuse(request, Errno.ENOSYS);
        } else if (!opcode.mayTakeLong()) {
            serve(opcode, request);
        } else {
            channel.hold();
            try {
                workers.execute(() -> {
                    serve(opcode, request);
                    channel.release();
                });
            } catch (RejectedExecutionException full) {
                channel.refuse(request, Errno.EAGAIN);
                channel.release();
            }
        }
    }

    private void serve(Opcode opcode, Request request) {
        try {
            ByteBuffer body = operations.perform(opcode, request);
            if (opcode.isAnswered()) {
                channel.answer(request, body);
            }
        } catch (ConfigException refused) {
            LOG.debug("{}: {}", opcode, refused.getMessage());
            if (opcode == Opcode.INIT) {
                startFailure = refused.getMessage();
            }
            refuse(opcode, request, refused.errno());
        } catch (RuntimeException | Error defect) {
            LOG.error("{} failed", opcode, defect);
            refuse(opcode, request, Errno.EIO);
        }
        if (opcode == Opcode.INIT) {
            started.countDown();
        }
    }

    private void refuse(Opcode opcode, Request request, Errno errno) {
        if (opcode.isAnswered()) {
            channel.refuse(request, errno);
        }
    }
}
