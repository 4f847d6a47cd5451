package org.jnvmet.transport.tcp;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jnvmet.target.Queue;
import org.jnvmet.transport.tcp.TcpRequest.Phase;
import org.jspecify.annotations.Nullable;

/**
 * The requests of a connection by transfer tag, and the native memory of the connection and of them:
 * made when the queue first needs that many, given back as a whole. Owned by the connection's loop.
 */
final class RequestTable {
    /** In the first slab, before the first request: the reader's stash and the connection's own PDUs. */
    private static final int STASH_OFFSET = 0;

    private static final int CONTROL_OFFSET = STASH_OFFSET + TcpRequest.BYTES;
    private static final int CONTROL_BYTES = 2 * TcpRequest.BYTES;
    private static final int FIRST_REQUEST_OFFSET = CONTROL_OFFSET + CONTROL_BYTES;

    private final TcpConnection connection;
    private final HeaderSlabs source;
    private final List<HeaderSlabs.Slab> slabs = new ArrayList<>(1);
    private final List<TcpRequest> requests = new ArrayList<>();
    private int nextOffset = FIRST_REQUEST_OFFSET;

    RequestTable(TcpConnection connection, HeaderSlabs source) {
        this.connection = connection;
        this.source = source;
        slabs.add(source.acquire());
    }

    /** Room for a header of which only a part has arrived. */
    MemorySegment stash() {
        return first(STASH_OFFSET, PduReader.STASH_BYTES);
    }

    /** Room for the PDUs of the connection itself. */
    MemorySegment control() {
        return first(CONTROL_OFFSET, CONTROL_BYTES);
    }

    private MemorySegment first(int offset, int bytes) {
        HeaderSlabs.Slab slab = slabs.getFirst();
        return slab.memory().asSlice(slab.offset() + offset, bytes);
    }

    /** Makes another request; the queue bounds their number. */
    TcpRequest create(Queue queue) {
        if (nextOffset == HeaderSlabs.SLAB_BYTES) {
            slabs.add(source.acquire());
            nextOffset = 0;
        }
        HeaderSlabs.Slab slab = slabs.getLast();
        TcpRequest request =
                new TcpRequest(
                        connection,
                        queue,
                        requests.size(),
                        slab.memory(),
                        slab.offset() + nextOffset);
        nextOffset += TcpRequest.BYTES;
        requests.add(request);
        return request;
    }

    /** The request with this transfer tag, or null. */
    @Nullable TcpRequest get(int tag) {
        return tag < requests.size() ? requests.get(tag) : null;
    }

    int size() {
        return requests.size();
    }

    /** Whether a request will become free though nothing more is received. */
    boolean hasProgress() {
        for (TcpRequest request : requests) {
            Phase phase = request.phase();
            if (phase != Phase.FREE && phase != Phase.SOLICITING) {
                return true;
            }
        }
        return false;
    }

    /** How many requests are in which phase, for the log. */
    Map<Phase, Integer> phases() {
        Map<Phase, Integer> counts = new EnumMap<>(Phase.class);
        for (TcpRequest request : requests) {
            counts.merge(request.phase(), 1, Integer::sum);
        }
        return counts;
    }

    /** Gives the memory back; no request is in use. */
    void free() {
        for (HeaderSlabs.Slab slab : slabs) {
            source.release(slab);
        }
        slabs.clear();
    }
}
