package org.jnvmet.verbs;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvSge;
import com.ibm.disni.verbs.SVCPostSend;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Posts work requests to a send queue, many with one call. Filled anew each time: {@link #clear}, {@link
 * #add} and what belongs to each, {@link #execute}. Allocates nothing after its making. For one thread at
 * a time.
 */
public abstract class SendCall extends SVCPostSend {
    /** Sends, and the receiver's device invalidates a key of its own; DiSNI has no name for it. */
    public static final int SEND_WITH_INVALIDATE = 9;

    private final WorkRequests requests;
    private @Nullable IbvQP queuePair;
    private int posted;

    /** Of up to that many work requests, each of up to so many segments. */
    protected SendCall(int workRequests, int segments) {
        requests = new WorkRequests(WorkRequests.SEND_BYTES, workRequests, segments);
    }

    /**
     * Posts the chain that begins at that address.
     *
     * @return address of the first that was not taken; 0: all were
     * @throws VerbsException when the queue pair takes none; those before {@link #posted} are under way then
     */
    protected abstract long post(IbvQP queuePair, long first) throws IOException;

    /** To whose send queue it posts. */
    public final SendCall on(IbvQP queuePair) {
        this.queuePair = queuePair;
        return this;
    }

    /** Forgets all work requests. */
    public final SendCall clear() {
        requests.clear();
        return this;
    }

    /** Work requests that it holds. */
    public final int size() {
        return requests.count();
    }

    public final boolean isFull() {
        return requests.count() == requests.capacity();
    }

    /**
     * Appends a work request.
     *
     * @param opcode of {@link IbvSendWR}, or {@link #SEND_WITH_INVALIDATE}
     * @param flags bits of {@link IbvSendWR}
     * @return its position, for the methods below
     */
    public final int add(long id, int opcode, int flags) {
        int at = requests.add(id);
        requests.putInt(at, WorkRequests.OPCODE, opcode);
        requests.putInt(at, WorkRequests.FLAGS, flags);
        requests.putInt(at, WorkRequests.INVALIDATED_KEY, 0);
        return at;
    }

    /** The other side's memory, of RDMA READ and WRITE. */
    public final void remote(int at, long address, int key) {
        requests.putLong(at, WorkRequests.REMOTE_ADDRESS, address);
        requests.putInt(at, WorkRequests.REMOTE_KEY, key);
    }

    /** The key that {@link #SEND_WITH_INVALIDATE} names. */
    public final void invalidate(int at, int key) {
        requests.putInt(at, WorkRequests.INVALIDATED_KEY, key);
    }

    /** Appends a segment of our memory. */
    public final void segment(int at, long address, int bytes, int key) {
        requests.addSegment(at, address, bytes, key);
    }

    final SendCall addAll(List<IbvSendWR> list) {
        for (IbvSendWR each : list) {
            int at = add(each.getWr_id(), each.getOpcode(), each.getSend_flags());
            remote(at, each.getRdma().getRemote_addr(), each.getRdma().getRkey());
            invalidate(at, each.getImm_data());
            for (IbvSge sge : each.getSg_list()) {
                segment(at, sge.getAddr(), sge.getLength(), sge.getLkey());
            }
        }
        return this;
    }

    /** Posts all; they stay in the call, to be posted again or cleared. */
    @Override
    public final SendCall execute() throws IOException {
        posted = 0;
        if (requests.count() > 0) {
            posted = requests.before(post(Objects.requireNonNull(queuePair), requests.address()));
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
    public final SendCall free() {
        requests.free();
        return this;
    }

    /** A view that changes a work request, as DiSNI's users know it. */
    @Override
    public final SendWRMod getWrMod(int index) {
        return new Modification(index);
    }

    private final class Modification implements SendWRMod {
        private final int at;

        private Modification(int at) {
            this.at = at;
        }

        @Override
        public void setWr_id(long id) {
            requests.putLong(at, WorkRequests.ID, id);
        }

        @Override
        public void setSend_flags(int flags) {
            requests.putInt(at, WorkRequests.FLAGS, flags);
        }

        @Override
        public long getWr_id() {
            return requests.getLong(at, WorkRequests.ID);
        }

        @Override
        public int getNum_sge() {
            return requests.getInt(at, WorkRequests.SEGMENT_COUNT);
        }

        @Override
        public int getOpcode() {
            return requests.getInt(at, WorkRequests.OPCODE);
        }

        @Override
        public int getSend_flags() {
            return requests.getInt(at, WorkRequests.FLAGS);
        }

        @Override
        public RdmaMod getRdmaMod() {
            return new Remote(at);
        }

        @Override
        public SgeMod getSgeMod(int index) {
            return new Segment(at, index);
        }
    }

    private final class Remote implements RdmaMod {
        private final int at;

        private Remote(int at) {
            this.at = at;
        }

        @Override
        public void setRemote_addr(long address) {
            requests.putLong(at, WorkRequests.REMOTE_ADDRESS, address);
        }

        @Override
        public long getRemote_addr() {
            return requests.getLong(at, WorkRequests.REMOTE_ADDRESS);
        }

        @Override
        public void setRkey(int key) {
            requests.putInt(at, WorkRequests.REMOTE_KEY, key);
        }

        @Override
        public int getRkey() {
            return requests.getInt(at, WorkRequests.REMOTE_KEY);
        }

        @Override
        public void setReserved(int reserved) {}

        @Override
        public int getReserved() {
            return 0;
        }
    }

    private final class Segment implements SgeMod {
        private final int at;
        private final int index;

        private Segment(int at, int index) {
            this.at = at;
            this.index = Objects.checkIndex(index, requests.getInt(at, WorkRequests.SEGMENT_COUNT));
        }

        @Override
        public void setAddr(long address) {
            requests.segment(at, index, WorkRequests.SEGMENT_ADDRESS, address);
        }

        @Override
        public long getAddr() {
            return requests.segment(at, index, WorkRequests.SEGMENT_ADDRESS);
        }

        @Override
        public void setLength(int length) {
            requests.segment(at, index, WorkRequests.SEGMENT_LENGTH, length);
        }

        @Override
        public int getLength() {
            return (int) requests.segment(at, index, WorkRequests.SEGMENT_LENGTH);
        }

        @Override
        public void setLkey(int key) {
            requests.segment(at, index, WorkRequests.SEGMENT_KEY, key);
        }

        @Override
        public int getLkey() {
            return (int) requests.segment(at, index, WorkRequests.SEGMENT_KEY);
        }
    }
}
