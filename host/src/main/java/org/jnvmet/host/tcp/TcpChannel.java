package org.jnvmet.host.tcp;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import io.netty.channel.unix.Socket;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.queue.LoopShare;
import org.jnvmet.host.queue.Ownership;
import org.jnvmet.host.spi.QueueChannel;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One queue's socket, which Netty's event loop watches, without a channel or pipeline above it. The
 * queue is owned by whoever has entered, as {@link Ownership} says: as a rule the loop.
 */
final class TcpChannel implements QueueChannel, EpollIoHandle {
    private static final Logger LOG = LoggerFactory.getLogger(TcpChannel.class);

    /** Receipts in a row before the other queues of the loop have their turn. */
    private static final int RECEIPTS = 16;

    /** The same where there is no other queue. */
    private static final int RECEIPTS_ALONE = 256;

    /**
     * How long a queue that has its loop to itself looks for answers before the loop sleeps. To be woken
     * costs more than a fast controller takes to answer; a slow one costs this much once.
     */
    private static final long SPIN_NANOS = 50_000;

    private static final int IOVEC_BYTES = 16;

    private static final EpollIoOps READ = EpollIoOps.EPOLLIN;
    private static final EpollIoOps WRITE = EpollIoOps.EPOLLOUT;

    private final String address;
    private final IoEventLoop loop;
    private final LoopShare share;
    private final Socket socket;
    private final TcpQueue queue;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment vector =
            arena.allocate((long) TcpQueue.MAX_VECTOR_ENTRIES * IOVEC_BYTES, 64);
    private final CompletableFuture<@Nullable Void> ready = new CompletableFuture<>();
    private final Runnable work = this::work;
    private final Ownership ownership = new Ownership();

    private volatile @Nullable IoRegistration registration;
    private EpollIoOps interest = EpollIoOps.NONE;
    private boolean connected;
    private int lastReceived;

    private TcpChannel(String address, LoopShare share, Socket socket, TcpQueue queue) {
        this.address = address;
        this.share = share;
        loop = share.loop();
        this.socket = socket;
        this.queue = queue;
    }

    /**
     * Connects and exchanges ICReq and ICResp; blocks up to the limit.
     *
     * @throws HostException when that fails; everything is closed again then
     */
    static TcpChannel open(
            TcpAddress address,
            InetSocketAddress remote,
            LoopShare share,
            TcpQueue queue,
            long timeoutMs) {
        TcpChannel channel;
        try {
            Socket socket = Sockets.open(address, remote);
            share.join(queue.options());
            channel = new TcpChannel(address.toString(), share, socket, queue);
        } catch (RuntimeException e) {
            queue.stop();
            queue.close();
            throw e;
        }
        try {
            channel.start(remote);
            channel.awaitReady(timeoutMs);
            return channel;
        } catch (RuntimeException e) {
            channel.drain();
            channel.destroy();
            throw e;
        }
    }

    private void start(InetSocketAddress remote) {
        try {
            connected = socket.connect(remote);
        } catch (IOException e) {
            throw new HostException(address + ": " + Sockets.describe(e), e);
        }
        loop.execute(() -> {
            registration = loop.register(this).syncUninterruptibly().getNow();
            interest(connected ? READ.with(WRITE) : WRITE);
        });
    }

    private void awaitReady(long timeoutMs) {
        try {
            ready.get(timeoutMs, TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof HostException cause
                    ? cause
                    : new HostException(address + ": " + e.getCause(), e);
        } catch (TimeoutException e) {
            throw new HostException(
                    "%s: no ICResp within %d ms".formatted(address, queue.options().timeoutMs()),
                    e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(address + ": interrupted while connecting", e);
        }
    }

    // ---- ownership

    private void leave() {
        if (ownership.leave()) {
            loop.execute(work);
        }
    }

    // ---- requests

    @Override
    public void send(HostRequest request) {
        if (ownership.isMine()) {
            queue.send(request); // goes out when this turn ends
        } else if (queue.offer(request)) {
            wakeOrSend();
        }
    }

    /** A request that is alone goes out at once: waking the loop would take longer than to send it. */
    private void wakeOrSend() {
        if (!queue.idle()) {
            loop.execute(work);
        } else if (ownership.enter()) {
            try {
                queue.takeOffered();
                flush();
                updateInterest();
            } finally {
                leave();
            }
        }
    }

    @Override
    public int poll() {
        if (!ownership.enter()) {
            return 0;
        }
        long before = queue.completed();
        try {
            turn();
            return (int) (queue.completed() - before);
        } finally {
            leave();
        }
    }

    // ---- turns

    private void work() {
        if (ownership.enter()) {
            try {
                turn();
            } finally {
                leave();
            }
        }
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        if (!ownership.enter()) {
            return;
        }
        try {
            if (!connected) {
                connected = finishConnecting();
            }
            if (connected) {
                turn();
            }
        } finally {
            leave();
        }
    }

    private boolean finishConnecting() {
        try {
            return socket.finishConnect();
        } catch (IOException e) {
            queue.fail(new HostException(address + ": " + Sockets.describe(e), e));
            unwatch();
            tellWhenReady();
            return false;
        }
    }

    /** Takes what others offered, receives what is there, sends what there is to send. */
    private void turn() {
        boolean alone = share.isAlone(queue.options());
        int left = alone ? RECEIPTS_ALONE : RECEIPTS;
        long quietSince = 0;
        while (left > 0 && !ownership.isEnding()) {
            queue.takeOffered();
            boolean full = receive();
            flush();
            if (lastReceived > 0) {
                left--;
                quietSince = 0;
                if (!full && !alone) {
                    break;
                }
            } else if (!alone || queue.idle()) {
                break;
            } else if (quietSince == 0) {
                quietSince = System.nanoTime();
            } else if (System.nanoTime() - quietSince > SPIN_NANOS) {
                break;
            } else {
                Thread.onSpinWait();
            }
        }
        updateInterest();
        if (!ready.isDone()) {
            tellWhenReady();
        }
    }

    /** Receives once; false when that was all. */
    private boolean receive() {
        lastReceived = 0;
        int wanted = queue.receiveBytes();
        if (wanted == 0 || !connected) {
            return false;
        }
        try {
            int received = socket.recvAddress(queue.receiveAddress(), 0, wanted);
            if (received != 0) {
                queue.onReceived(received);
            }
            lastReceived = received;
            return received == wanted;
        } catch (IOException e) {
            queue.fail(new HostException(queue + ": " + Sockets.describe(e), e));
            return false;
        }
    }

    private void flush() {
        try {
            int entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            while (entries > 0) {
                long sent = socket.writevAddresses(vector.address(), entries);
                if (sent <= 0) {
                    return;
                }
                queue.onSent(sent);
                entries = queue.gather(vector, TcpQueue.MAX_VECTOR_ENTRIES);
            }
        } catch (IOException e) {
            boolean _ = receive(); // the controller may have said why
            queue.fail(new HostException(queue + ": " + Sockets.describe(e), e));
        }
    }

    private void updateInterest() {
        boolean read = queue.receiveBytes() > 0;
        boolean write = queue.hasOutput();
        if (read || write) {
            EpollIoOps reading = read ? READ : EpollIoOps.NONE;
            interest(write ? reading.with(WRITE) : reading);
        } else {
            unwatch(); // epoll would go on telling of the hang-up
        }
    }

    private void unwatch() {
        IoRegistration current = registration;
        if (current != null) {
            boolean _ = current.cancel();
        }
    }

    private void interest(EpollIoOps wanted) {
        IoRegistration current = registration;
        if (current != null && current.isValid() && !wanted.equals(interest)) {
            interest = wanted;
            long _ = current.submit(wanted);
        }
    }

    private void tellWhenReady() {
        HostException failure = queue.failure();
        if (failure != null) {
            boolean _ = ready.completeExceptionally(failure);
        } else if (queue.negotiated()) {
            boolean _ = ready.complete(null);
        }
    }

    // ---- the end

    @Override
    public void drain() {
        if (ownership.isMine()) {
            throw new IllegalStateException(queue + " is drained from within its own completion");
        }
        ownership.end();
        queue.stop();
    }

    @Override
    public void destroy() {
        if (loop.inEventLoop()) {
            closeNow();
            return;
        }
        try {
            CompletableFuture.runAsync(this::closeNow, loop).join();
        } catch (RejectedExecutionException e) {
            closeNow(); // the loop has ended
        }
    }

    /** On the loop: it must not watch a socket that is closed, whose number may be another's already. */
    private void closeNow() {
        unwatch();
        try {
            socket.close();
        } catch (IOException e) {
            LOG.warn("{}: close failed: {}", address, e.getMessage());
        }
        share.leave(queue.options());
        queue.close();
        arena.close();
    }

    @Override
    public FileDescriptor fd() {
        return socket;
    }

    /** The loop ends. */
    @Override
    public void close() {
        LOG.warn("{}: {} was not destroyed before the transport was closed", address, queue);
    }
}
