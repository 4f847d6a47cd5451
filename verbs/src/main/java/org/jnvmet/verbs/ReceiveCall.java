package org.jnvmet.verbs;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostRecv;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Posts receives, many with one call, to a queue pair or to a shared receive queue; otherwise as {@link SendCall}. */
public abstract class ReceiveCall extends SVCPostRecv {
    private final WorkRequests requests;
    private @Nullable IbvQP queuePair;
    private @Nullable SharedReceiveQueue shared;
    private int posted;

    /** Of up to that many receives, each of up to so many segments. */
    protected ReceiveCall(int workRequests, int segments) {
        requests = new WorkRequests(WorkRequests.RECEIVE_BYTES, workRequests, segments);
    }

    /** Posts the chain that begins at that address, as {@link SendCall#post} does. */
    protected abstract long post(IbvQP queuePair, long first) throws IOException;

    /** Posts the chain that begins at that address, as {@link SendCall#post} does. */
    protected abstract long post(SharedReceiveQueue queue, long first) throws IOException;

    /** To whose receive queue it posts. */
    public final ReceiveCall on(IbvQP queuePair) {
        this.queuePair = queuePair;
        shared = null;
        return this;
    }

    /** To what queue it posts. */
    public final ReceiveCall on(SharedReceiveQueue queue) {
        shared = queue;
        queuePair = null;
        return this;
    }

    /** Forgets all receives. */
    public final ReceiveCall clear() {
        requests.clear();
        return this;
    }

    /** Receives that it holds. */
    public final int size() {
        return requests.count();
    }

    public final boolean isFull() {
        return requests.count() == requests.capacity();
    }

    /** Appends a receive; its position. */
    public final int add(long id) {
        return requests.add(id);
    }

    /** Appends a segment of our memory. */
    public final void segment(int at, long address, int bytes, int key) {
        requests.addSegment(at, address, bytes, key);
    }

    final ReceiveCall addAll(List<IbvRecvWR> list) {
        for (IbvRecvWR each : list) {
            int at = add(each.getWr_id());
            for (IbvSge sge : each.getSg_list()) {
                segment(at, sge.getAddr(), sge.getLength(), sge.getLkey());
            }
        }
        return this;
    }

    /** Posts all; they stay in the call, to be posted again or cleared. */
    @Override
    public final ReceiveCall execute() throws IOException {
        posted = 0;
        if (requests.count() == 0) {
            return this;
        }
        IbvQP own = queuePair;
        SharedReceiveQueue common = shared;
        if (own != null) {
            posted = requests.before(post(own, requests.address()));
        } else if (common != null) {
            posted = requests.before(post(common, requests.address()));
        } else {
            throw new IllegalStateException("no queue to post to");
        }
        return this;
    }

    /** How many the last {@link #execute} posted; less than {@link #size()} when the queue was full. */
    public final int posted() {
        return posted;
    }

    @Override
    public final boolean isValid() {
        return requests.isAlive();
    }

    @Override
    public final ReceiveCall free() {
        requests.free();
        return this;
    }

    @Override
    public final RecvWRMod getWrMod(int index) {
        return () -> requests.getLong(index, WorkRequests.ID);
    }
}
