package org.jnvmet.host.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.SocketChannel;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostQueueChannel;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;

/**
 * One queue over one socket, with two threads of its own: the reader checks and completes, the
 * sender writes. The reader never writes and so never waits for a controller that itself waits to
 * get rid of data; submitters never wait at all.
 */
final class TcpQueueChannel implements HostQueueChannel {
    /** In-capsule bytes of Fabrics commands on any queue. */
    private static final int FABRICS_IN_CAPSULE = 8192;

    private final SocketChannel socket;
    private final TcpOptions options;
    private final QueueOptions queue;
    private final String name;
    private final PduWriter writer;
    private final PduReader reader;
    private final ConcurrentHashMap<Integer, Transfer> transfers = new ConcurrentHashMap<>();

    /** At most a capsule for each slot, an R2T for each credit of a slot, and the end. */
    private final LinkedBlockingDeque<Job> jobs = new LinkedBlockingDeque<>();

    private final CompletableFuture<Negotiated> ready = new CompletableFuture<>();
    private final AtomicReference<@Nullable HostException> failure = new AtomicReference<>();

    private sealed interface Job {
        /** Send the command capsule. */
        record Capsule(Transfer transfer) implements Job {}

        /** Send data that the controller asked for. */
        record Data(Transfer transfer, R2tJob r2t) implements Job {}

        /** Tell the controller what it did wrong, then stop. */
        record Terminate(PduViolation violation, MemorySegment offender) implements Job {}

        /** Stop. */
        record Stop() implements Job {}
    }

    private TcpQueueChannel(SocketChannel socket, TcpOptions options, QueueOptions queue) {
        this.socket = socket;
        this.options = options;
        this.queue = queue;
        name = queue.queueId() == 0 ? "admin queue" : "I/O queue " + queue.queueId();
        writer = new PduWriter(socket);
        reader =
                new PduReader(
                        socket,
                        name,
                        new Incoming(name, queue, options.maxR2t() + 1, transfers, this::answer));
    }

    /** Exchanges ICReq and ICResp. */
    static TcpQueueChannel start(SocketChannel socket, TcpOptions options, QueueOptions queue)
            throws IOException {
        TcpQueueChannel channel = new TcpQueueChannel(socket, options, queue);
        channel.writer.icReq(options);
        Thread.ofVirtual().name("jnvmet-host-read-" + queue.queueId()).start(channel::read);
        Negotiated agreed = channel.awaitReady();
        Thread.ofVirtual()
                .name("jnvmet-host-send-" + queue.queueId())
                .start(() -> channel.send(agreed));
        return channel;
    }

    private Negotiated awaitReady() {
        try {
            return ready.get(options.timeoutMs(), TimeUnit.MILLISECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HostException cause) {
                throw cause;
            }
            throw new HostException(name + ": no ICResp", e);
        } catch (TimeoutException e) {
            throw new HostException(
                    "%s: no ICResp within %d ms".formatted(name, options.timeoutMs()), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(name + ": interrupted while waiting for ICResp", e);
        }
    }

    @Override
    public void submit(HostRequest request) {
        Transfer transfer = prepare(request);
        transfers.put(transfer.commandId(), transfer);
        HostException reason = failure.get();
        if (reason == null) {
            jobs.add(new Job.Capsule(transfer));
        } else if (transfers.remove(transfer.commandId(), transfer)) {
            request.fail(reason);
        }
    }

    private Transfer prepare(HostRequest request) {
        Sqe sqe = request.sqe();
        int out = Math.toIntExact(request.dataOut().byteSize());
        boolean fabrics = sqe.opcode() == AdminOpcode.FABRICS;
        int room =
                fabrics
                        ? FABRICS_IN_CAPSULE
                        : Math.min(queue.inCapsuleBytes(), options.inCapsuleBytes());
        if (out > 0 && out <= room) {
            Sgl.inCapsule(sqe, out);
        } else {
            Sgl.transport(sqe, Math.max(out, Math.toIntExact(request.dataIn().byteSize())));
        }
        return new Transfer(request, out > 0 && sqe.sglType() == Sgl.DATA_BLOCK_OFFSET);
    }

    private void answer(Transfer transfer, R2tJob r2t) {
        jobs.add(new Job.Data(transfer, r2t));
    }

    private void read() {
        try {
            ready.complete(reader.readIcResp(options));
            while (failure.get() == null) {
                reader.readPdu();
            }
        } catch (PduViolation violation) {
            refuse(violation);
        } catch (HostException e) {
            fail(e);
        } catch (IOException e) {
            fail(new HostException(name + ": " + describe(e), e));
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        }
    }

    private static String describe(IOException e) {
        String message = e.getMessage();
        return message == null ? e.getClass().getSimpleName() : message;
    }

    /** Has H2CTermReq sent, and keeps reading so that no reset overtakes it. */
    private void refuse(PduViolation violation) {
        if (!ready.isDone()) {
            terminate(violation, reader.offender()); // the sender does not run yet
            return;
        }
        jobs.addFirst(new Job.Terminate(violation, reader.offender()));
        try {
            reader.drain();
        } catch (IOException e) {
            // The connection is being given up; how it ends is of no interest.
        }
        closeSocket();
    }

    private void send(Negotiated agreed) {
        try {
            while (true) {
                switch (jobs.take()) {
                    case Job.Capsule(var transfer) -> writer.capsule(transfer, agreed);
                    case Job.Data(var transfer, var r2t) -> sendData(transfer, r2t, agreed);
                    case Job.Terminate(var violation, var offender) -> {
                        terminate(violation, offender);
                        return;
                    }
                    case Job.Stop _ -> {
                        return;
                    }
                }
            }
        } catch (IOException e) {
            fail(new HostException(name + ": " + describe(e), e));
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            fail(new HostException(name + ": the sender was interrupted", e));
        }
    }

    private void sendData(Transfer transfer, R2tJob r2t, Negotiated agreed) throws IOException {
        int offset = r2t.offset();
        int end = offset + r2t.length();
        while (offset < end) {
            int length = Math.min(agreed.maxH2cData(), end - offset);
            if (offset + length == end) {
                // Before the write: the next R2T may come as soon as the controller has the data.
                transfer.outstandingR2ts.decrementAndGet();
            }
            writer.data(transfer, r2t, offset, length, agreed);
            offset += length;
        }
    }

    private void terminate(PduViolation violation, MemorySegment offender) {
        try {
            writer.terminate(violation, offender);
            socket.shutdownOutput();
            end(violation);
        } catch (IOException e) {
            violation.addSuppressed(e);
            fail(violation);
        }
    }

    private void fail(HostException reason) {
        closeSocket();
        end(reason);
    }

    private void end(HostException reason) {
        if (!failure.compareAndSet(null, reason)) {
            return;
        }
        jobs.add(new Job.Stop());
        ready.completeExceptionally(reason);
        for (Transfer transfer : transfers.values()) {
            if (transfers.remove(transfer.commandId(), transfer)) {
                transfer.request.fail(reason);
            }
        }
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException e) {
            // Closing is all that can be done with it.
        }
    }

    @Override
    public void close() {
        fail(new HostException(name + ": closed by the host"));
    }
}
