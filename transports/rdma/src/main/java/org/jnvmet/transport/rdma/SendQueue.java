package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import java.io.IOException;
import java.util.Objects;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.wire.Cqe;
import org.jspecify.annotations.Nullable;

/**
 * The send queue of a connection: the trains of requests that stand in line, and what the device has. Never
 * posts more than the queue has entries; RDMA READs beyond what the host serves at a time wait here, for in
 * the device they would hold up the responses behind them. Owned by the connection's loop.
 */
final class SendQueue {
    private final IbvQP queuePair;
    private final int initiatorDepth;
    private final Line responses = new Line();
    private final Line reads = new Line();
    private long queueId;
    private int room;
    private int trains;
    private int readsUnderWay;

    /**
     * Of one queue pair.
     *
     * @param entries of its send queue
     * @param initiatorDepth RDMA READs that may be under way
     */
    SendQueue(IbvQP queuePair, int entries, int initiatorDepth) {
        this.queuePair = queuePair;
        this.initiatorDepth = initiatorDepth;
        room = entries;
    }

    /** Bits of the queue in its work requests. */
    void queueId(long bits) {
        queueId = bits;
    }

    /** Sends data, if there is any for the host, and response. */
    void respond(RdmaRequest request, boolean withData) {
        request.lineUp(withData ? request.descriptors().count() + 1 : 1);
        responses.add(request);
    }

    /** Reads the host's data into the buffer. */
    void read(RdmaRequest request) {
        request.lineUp(request.descriptors().count());
        reads.add(request);
    }

    /** Takes a request out of the line for reads; false: it has been posted. */
    boolean cancelRead(RdmaRequest request) {
        return !request.posted() && reads.remove(request);
    }

    /** Forgets those in line. */
    void clearLines() {
        responses.clear();
        reads.clear();
    }

    /** Trains that the device has. */
    int trains() {
        return trains;
    }

    /** The last work request of a request's train is done, or was flushed: the device has none of it. */
    void onTrain(RdmaRequest request) {
        trains--;
        room += request.train();
        if (request.phase() == RdmaRequest.Phase.READING) {
            readsUnderWay -= request.train();
        }
        request.posted(false);
    }

    /**
     * Posts what there is room for, with as few calls as possible. False: there was nothing.
     *
     * @throws IOException when the queue pair takes none; it has to end then, and requests that are {@linkplain
     *     RdmaRequest#posted() posted} may be with the device until it is destroyed
     */
    boolean flush(SendCall call) throws IOException {
        boolean some = false;
        RdmaRequest next = nextTrain();
        call.clear();
        while (next != null) {
            if (call.size() + next.train() > RdmaDevice.SEND_BATCH) {
                post(call);
                call.clear();
            }
            append(call, next);
            some = true;
            next = nextTrain();
        }
        post(call);
        return some;
    }

    private void post(SendCall call) throws IOException {
        int size = call.size();
        if (size > 0 && call.on(queuePair).execute().posted() < size) {
            throw new IOException(
                    "the send queue took %d of %d work requests".formatted(call.posted(), size));
        }
    }

    /** The next that may be posted, taken out of its line: responses first. */
    private @Nullable RdmaRequest nextTrain() {
        RdmaRequest response = responses.first();
        if (response != null) {
            return response.train() <= room ? responses.poll() : null;
        }
        RdmaRequest read = reads.first();
        if (read == null || read.train() > room) {
            return null;
        }
        boolean fits = readsUnderWay == 0 || readsUnderWay + read.train() <= initiatorDepth;
        return fits ? reads.poll() : null;
    }

    private void append(SendCall call, RdmaRequest request) {
        room -= request.train();
        trains++;
        request.posted(true);
        if (request.phase() == RdmaRequest.Phase.READING) {
            readsUnderWay += request.train();
            appendBlocks(call, request, IbvSendWR.IBV_WR_RDMA_READ, request.train() - 1);
        } else {
            if (request.train() > 1) {
                appendBlocks(call, request, IbvSendWR.IBV_WR_RDMA_WRITE, -1);
            }
            appendResponse(call, request);
        }
    }

    /** One work request for each block of the host's memory; that at {@code last} reports for all. */
    private void appendBlocks(SendCall call, RdmaRequest request, int opcode, int last) {
        DataDescriptors blocks = request.descriptors();
        long local = request.dataBuffer().address();
        for (int i = 0; i < blocks.count(); i++) {
            boolean reports = i == last;
            int kind = reports ? WorkRequestId.READ : WorkRequestId.DATA;
            int at =
                    call.add(
                            WorkRequestId.of(kind, request.index(), queueId),
                            opcode,
                            reports ? IbvSendWR.IBV_SEND_SIGNALED : 0);
            call.remote(at, blocks.address(i), blocks.key(i));
            call.segment(at, local, blocks.length(i), request.localKey());
            local += blocks.length(i);
        }
    }

    private void appendResponse(SendCall call, RdmaRequest request) {
        DataDescriptors blocks = request.descriptors();
        boolean invalidates = blocks.invalidates();
        int at =
                call.add(
                        WorkRequestId.of(WorkRequestId.RESPONSE, request.index(), queueId),
                        invalidates ? SendCall.SEND_WITH_INVALIDATE : IbvSendWR.IBV_WR_SEND,
                        IbvSendWR.IBV_SEND_SIGNALED);
        if (invalidates) {
            call.invalidate(at, blocks.invalidatedKey());
        }
        call.segment(at, request.responseAddress(), Cqe.BYTES, request.memoryKey());
    }

    /** Whether data goes to the host before the response. */
    static boolean carriesData(RdmaRequest request) {
        return request.succeeded() && request.direction() == Direction.CONTROLLER_TO_HOST;
    }

    /** Requests one behind the other. */
    private static final class Line {
        private @Nullable RdmaRequest first;
        private @Nullable RdmaRequest last;

        @Nullable RdmaRequest first() {
            return first;
        }

        void add(RdmaRequest request) {
            request.nextInLine(null);
            RdmaRequest end = last;
            if (end == null) {
                first = request;
            } else {
                end.nextInLine(request);
            }
            last = request;
        }

        RdmaRequest poll() {
            RdmaRequest taken = Objects.requireNonNull(first);
            first = taken.nextInLine();
            if (first == null) {
                last = null;
            }
            taken.nextInLine(null);
            return taken;
        }

        @SuppressWarnings("ReferenceEquality") // the very request
        boolean remove(RdmaRequest request) {
            RdmaRequest before = null;
            for (RdmaRequest each = first; each != null; each = each.nextInLine()) {
                if (each == request) {
                    unlink(before, each);
                    return true;
                }
                before = each;
            }
            return false;
        }

        private void unlink(@Nullable RdmaRequest before, RdmaRequest request) {
            RdmaRequest after = request.nextInLine();
            if (before == null) {
                first = after;
            } else {
                before.nextInLine(after);
            }
            if (after == null) {
                last = before;
            }
            request.nextInLine(null);
        }

        void clear() {
            first = null;
            last = null;
        }
    }
}
