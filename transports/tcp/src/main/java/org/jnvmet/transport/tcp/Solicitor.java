package org.jnvmet.transport.tcp;

import java.util.ArrayDeque;
import java.util.Objects;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.transport.tcp.TcpRequest.Phase;
import org.jnvmet.transport.tcp.TcpRequest.Solicitation;

/**
 * Gets the data of writes from the host by R2Ts (NVMe/TCP Transport, Data Transfers): first the
 * admission to hold a buffer, then the buffer, then R2Ts within the connection's credit and the host's
 * MAXR2T. Who takes none of the memory that the loop's connections share needs no admission. Owned by the
 * connection's loop.
 */
final class Solicitor {
    /** Smaller R2Ts than this are not worth asking when the credit is nearly used up. */
    private static final int LEAST_R2T_BYTES = 4096;

    private final TcpConnection connection;
    private final WriteAdmission admission;
    private final int creditBytes;
    private final int maxR2tBytes;
    private final ArrayDeque<TcpRequest> waiting = new ArrayDeque<>(4);
    private final ArrayDeque<TcpRequest> wantCredit = new ArrayDeque<>(4);
    private int inFlightBytes;

    Solicitor(TcpConnection connection, TcpLoop loop) {
        this.connection = connection;
        admission = loop.admission();
        creditBytes = loop.settings().memory().creditBytes();
        maxR2tBytes = loop.settings().protocol().maxR2tBytes();
    }

    /** Bytes that the host has been asked for and not sent. */
    int inFlightBytes() {
        return inFlightBytes;
    }

    /** Writes that wait for admission. */
    int waitingWrites() {
        return waiting.size();
    }

    /** The write that is admitted next. */
    TcpRequest nextWaiting() {
        return waiting.getFirst();
    }

    TcpRequest pollWaiting() {
        return Objects.requireNonNull(waiting.pollFirst());
    }

    /** A write whose data is with the host has been parsed. */
    void begin(TcpRequest request) {
        request.become(Phase.WAITING);
        if (request.usesSharedMemory()) {
            waiting.add(request);
            admission.enter(this);
        } else {
            acquire(request);
        }
    }

    /** The request may hold a buffer. */
    void admitted(TcpRequest request) {
        request.solicitation.admitted = request.dataBytes();
        relocate(request);
    }

    /** The line for a buffer has turned the request away. */
    void onTurnedAway(TcpRequest request) {
        if (request.solicitation.admitted > 0) {
            relocate(request);
        } else if (request.locate()) {
            begin(request);
        }
    }

    /** Looks again where the data of an admitted write is to be staged, for it has waited. */
    private void relocate(TcpRequest request) {
        if (request.locate()) {
            acquire(request);
        } else {
            drop(request);
        }
    }

    private void acquire(TcpRequest request) {
        DataBuffer buffer = request.acquire();
        if (buffer != null) {
            onBuffer(request, buffer);
        }
    }

    /** The request has its buffer. */
    void onBuffer(TcpRequest request, DataBuffer buffer) {
        request.attach(buffer);
        request.become(Phase.SOLICITING);
        solicit(request);
    }

    /** An R2T of the request has been sent: the host may answer it. */
    void onSent(TcpRequest request) {
        request.solicitation.announced = request.solicitation.asked;
        solicit(request);
    }

    /** {@code bytes} that an R2T asked for have arrived; false when the request needs more. */
    boolean onData(TcpRequest request, int bytes, boolean intact) {
        Solicitation state = request.solicitation;
        state.received += bytes;
        inFlightBytes -= bytes;
        state.corrupt |= !intact;
        if (state.received == state.ends[0]) {
            state.outstanding--;
            System.arraycopy(state.ends, 1, state.ends, 0, state.outstanding);
        }
        boolean complete = state.received == (state.corrupt ? state.asked : request.dataBytes());
        if (complete) {
            drop(request);
        } else {
            solicit(request);
        }
        serveCredit();
        return complete;
    }

    /** The request needs no more data, or its connection is gone. */
    void drop(TcpRequest request) {
        Solicitation state = request.solicitation;
        inFlightBytes -= state.asked - state.received;
        state.asked = state.received;
        if (state.wantsCredit) {
            state.wantsCredit = false;
            boolean _ = wantCredit.remove(request);
        }
        int held = state.admitted;
        if (held > 0) {
            state.admitted = 0;
            admission.leave(held);
        }
    }

    /** Gives up soliciting; false when the host has been asked for data that has not come. */
    boolean abandon(TcpRequest request) {
        if (request.solicitation.asked != request.solicitation.received) {
            return false;
        }
        drop(request);
        return true;
    }

    /** The connection ends: none of its writes is admitted any more, not even in place of another. */
    void close() {
        waiting.clear();
        admission.withdraw(this);
    }

    /** Takes a request out that still waits for admission or a buffer. */
    void cancel(TcpRequest request) {
        boolean inLine = waiting.remove(request);
        if (!inLine) {
            request.cancelAwait();
            drop(request);
        } else if (waiting.isEmpty()) {
            admission.withdraw(this);
        }
    }

    private void solicit(TcpRequest request) {
        Solicitation state = request.solicitation;
        int left = request.dataBytes() - state.asked;
        if (left == 0
                || state.corrupt
                || state.wantsCredit
                || request.queued()
                || state.outstanding >= connection.maxR2ts()) {
            return;
        }
        int room = creditBytes - inFlightBytes;
        if (room < Math.min(left, LEAST_R2T_BYTES)) {
            state.wantsCredit = true;
            wantCredit.add(request);
            return;
        }
        int bytes = Math.min(Math.min(left, maxR2tBytes), room);
        if (bytes < left) {
            bytes -= bytes % LEAST_R2T_BYTES;
        }
        inFlightBytes += bytes;
        state.ends[state.outstanding++] = state.asked + bytes;
        connection.sendR2t(request, state.asked, bytes);
        state.asked += bytes;
    }

    private void serveCredit() {
        while (!wantCredit.isEmpty()) {
            TcpRequest request = wantCredit.getFirst();
            int left = request.dataBytes() - request.solicitation.asked;
            if (creditBytes - inFlightBytes < Math.min(left, LEAST_R2T_BYTES)) {
                return;
            }
            TcpRequest _ = wantCredit.pollFirst();
            request.solicitation.wantsCredit = false;
            solicit(request);
        }
    }
}
