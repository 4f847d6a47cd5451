package org.jnvmet.host.tcp;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.queue.Inbox;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.tcp.Digest;
import org.jnvmet.wire.tcp.IcReq;
import org.jnvmet.wire.tcp.PduHeader;
import org.jnvmet.wire.tcp.TermReq;
import org.jspecify.annotations.Nullable;

/**
 * One queue's side of NVMe/TCP, without a socket: it says where to receive and what to send, and is
 * told what became of it. So it suits drivers that wait until a socket is ready as well as those that
 * are told when an operation is complete. Only {@link #offer} may be called by any thread; everything
 * else by one thread at a time, the owner, in any order of receiving and sending. Events come from
 * within {@link #onReceived}, {@link #onSent} and {@link #fail}. After its making it allocates
 * nothing, errors aside.
 *
 * <pre>{@code
 * queue.takeOffered();
 * int received = recv(queue.receiveAddress(), queue.receiveBytes());
 * queue.onReceived(received);
 * long sent = writev(vector, queue.gather(vector, entries));
 * queue.onSent(sent);
 * }</pre>
 */
public final class TcpQueue implements AutoCloseable {
    /** Most entries of a vector that are of use. */
    public static final int MAX_VECTOR_ENTRIES = Outbound.MAX_PIECES;

    /** In-capsule bytes of Fabrics commands on any queue. */
    private static final int FABRICS_IN_CAPSULE = 8192;

    /** Enough for headers, when the data behind them shall be received where it belongs. */
    private static final int FEW_BYTES = 4096;

    private final QueueOptions options;
    private final TcpOptions tcp;
    private final QueueEvents events;
    private final String name;
    private final Arena arena = Arena.ofShared();
    private final Inbox inbox;
    private final Transfer[] transfers;
    private final Outbound outbound;
    private final Incoming incoming;
    private final PduReader reader;
    private @Nullable HostException failure;
    private boolean ended;
    private volatile boolean stopped;

    /** A queue at the start of its connection: ICReq is the first that it has to send. */
    public TcpQueue(
            QueueOptions options,
            TcpOptions tcp,
            boolean headerDigest,
            boolean dataDigest,
            QueueEvents events) {
        this.options = options;
        this.tcp = tcp;
        this.events = events;
        name = nameOf(options);
        int slots = options.entries() - 1;
        inbox = new Inbox(slots);
        transfers = new Transfer[slots];
        for (int slot = 0; slot < slots; slot++) {
            transfers[slot] = new Transfer(slot, tcp.maxR2t() + 1);
        }
        outbound = new Outbound(arena, slots);
        incoming = new Incoming(name, options, transfers, outbound, events);
        int digests = (headerDigest ? Digest.HEADER : 0) | (dataDigest ? Digest.DATA : 0);
        reader = new PduReader(arena, name, tcp, digests, incoming);
        outbound.control(icReq(digests));
    }

    private static String nameOf(QueueOptions options) {
        return options.queueId() == 0 ? "admin queue" : "I/O queue " + options.queueId();
    }

    private MemorySegment icReq(int digests) {
        MemorySegment pdu = MemorySegment.ofArray(new byte[IcReq.BYTES]);
        PduHeader _ =
                new PduHeader().wrap(pdu, 0).set(PduHeader.IC_REQ, 0, IcReq.BYTES, 0, IcReq.BYTES);
        IcReq _ =
                new IcReq()
                        .wrap(pdu, 0)
                        .set(IcReq.HPDA, tcp.alignment())
                        .set(IcReq.DGST, digests)
                        .set(IcReq.MAXR2T, tcp.maxR2t());
        return pdu;
    }

    // ---- requests

    /**
     * Hands over a request. Any thread; {@link #takeOffered} takes it on the owner's.
     *
     * @return whether the owner has to be woken: it may not look by itself any more
     */
    public boolean offer(HostRequest request) {
        int slot = request.slot();
        // After the end the request may belong to another queue already, and its slot with it.
        return !stopped && slot < transfers.length && inbox.put(slot, request);
    }

    /** Sends what was offered. Costs next to nothing when there is nothing. */
    public void takeOffered() {
        if (!inbox.open()) {
            return;
        }
        for (int word = 0; word < inbox.words(); word++) {
            long bits = inbox.take(word);
            while (bits != 0) {
                int bit = Long.numberOfTrailingZeros(bits);
                bits &= bits - 1;
                send(inbox.request(word * Long.SIZE + bit));
            }
        }
    }

    /** Sends a request with the next {@link #gather}. A queue that has failed forgets it. */
    public void send(HostRequest request) {
        if (failure != null || stopped) {
            return;
        }
        Transfer transfer = transfers[request.slot()];
        transfer.begin(request);
        long out = transfer.bytesOut;
        transfer.inCapsule = out > 0 && out <= inCapsuleLimit(request);
        incoming.expect(transfer);
        outbound.add(transfer);
    }

    private int inCapsuleLimit(HostRequest request) {
        return request.sqe().opcode() == AdminOpcode.FABRICS
                ? FABRICS_IN_CAPSULE
                : Math.min(options.inCapsuleBytes(), tcp.inCapsuleBytes());
    }

    // ---- receiving

    /** Where to receive; valid until the next call of {@link #onReceived}. */
    public long receiveAddress() {
        return reader.address();
    }

    /** Most bytes to receive there; 0 when nothing is to be received any more. */
    public int receiveBytes() {
        if (ended || stopped) {
            return 0;
        }
        boolean much = incoming.bytesPerRead() >= 2 * PduReader.DIRECT_BYTES;
        return reader.room(much ? FEW_BYTES : Integer.MAX_VALUE);
    }

    /**
     * So many bytes are at {@link #receiveAddress}, which was asked for since the last call.
     *
     * @param bytes negative at the end of the stream
     */
    public void onReceived(int bytes) {
        if (stopped || ended) {
            return;
        }
        if (bytes < 0) {
            ended = true;
            fail(new HostException(name + ": the controller closed the connection"));
            return;
        }
        if (failure != null) {
            return; // H2CTermReq is on its way; what still comes is of no interest
        }
        try {
            reader.onReceived(bytes);
        } catch (PduViolation violation) {
            refuse(violation);
        } catch (HostException e) {
            fail(e);
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        }
    }

    // ---- sending

    /** Whether there is something to send. */
    public boolean hasOutput() {
        return !stopped && !outbound.isEmpty();
    }

    /**
     * Writes what is to be sent next into an array of {@code struct iovec}. The memory it points to
     * stays as it is until {@link #onSent} has been told of it, or the queue was stopped.
     *
     * @return how many entries there are, at most {@code max}; 0 when there is nothing to send
     */
    public int gather(MemorySegment vector, int max) {
        if (stopped) {
            return 0;
        }
        try {
            return outbound.gather(vector, max);
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
            return 0;
        }
    }

    /** The kernel has taken so many bytes of what was gathered last. */
    public void onSent(long bytes) {
        if (stopped || ended) {
            return;
        }
        outbound.onSent(bytes);
        try {
            incoming.onSent();
        } catch (RuntimeException e) {
            fail(new HostException(name + ": " + e, e));
        }
    }

    // ---- states

    /** What it was made with. */
    public QueueOptions options() {
        return options;
    }

    /** Whether ICResp has come: commands may be sent. */
    public boolean negotiated() {
        return incoming.negotiated();
    }

    /** Why the connection is of no use any more; null while it is. */
    public @Nullable HostException failure() {
        return failure;
    }

    /** Whether the controller has no command. Any thread; to others than the owner a hint. */
    public boolean idle() {
        return incoming.outstanding() == 0;
    }

    /** Commands completed so far. */
    public long completed() {
        return incoming.completed();
    }

    /**
     * The connection is of no use any more. The first reason is reported, unless ICResp has not come
     * yet: then {@link #failure} tells.
     */
    public void fail(HostException reason) {
        ended = true;
        outbound.clear();
        report(reason);
    }

    /** Answers with H2CTermReq; what comes until the connection is closed is received and dropped. */
    private void refuse(PduViolation violation) {
        MemorySegment pdu = MemorySegment.ofArray(new byte[TermReq.MAX_BYTES]);
        int length =
                TermReq.write(
                        pdu,
                        PduHeader.H2C_TERM_REQ,
                        violation.error(),
                        violation.information(),
                        reader.offender());
        outbound.endWith(pdu.asSlice(0, length));
        reader.discard();
        report(violation);
    }

    private void report(HostException reason) {
        if (failure != null || stopped) {
            return;
        }
        failure = reason;
        if (negotiated()) {
            events.reportError(reason);
        }
    }

    /** Ends the queue: nothing is reported, and no memory of a request is touched, from now on. */
    public void stop() {
        stopped = true;
        outbound.clear();
        for (Transfer transfer : transfers) {
            transfer.end();
        }
    }

    /** Frees the queue's memory, after {@link #stop} and the last use of what it pointed to. */
    @Override
    public void close() {
        arena.close();
    }

    /** Its name in messages. */
    @Override
    public String toString() {
        return name;
    }
}
