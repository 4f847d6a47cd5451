package org.jnvmet.verbs;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvRecvWR;
import com.ibm.disni.verbs.IbvSendWR;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.RdmaVerbs;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Verbs: DiSNI's calls, and what they lack. Objects are made and destroyed on any thread; a queue pair's
 * posts, a completion queue's polls and a call object are for one thread at a time. Failures are {@link
 * VerbsException}s with the errno.
 *
 * <p>Call objects (those of {@code post...}, {@code pollCQ}, {@code reqNotifyCQ}) hold native memory from
 * their making to {@code free()}; {@code execute()} allocates nothing.
 */
public abstract class Verbs extends RdmaVerbs {
    /**
     * Registers memory at an address of this process.
     *
     * @param access bits of {@link IbvMr}
     */
    public abstract MemoryRegion registerMemory(IbvPd domain, long address, long bytes, int access)
            throws IOException;

    /**
     * Registers a part of a dma-buf.
     *
     * @param offset first byte, within the dma-buf
     * @param address by which work requests name that byte; where our process has it mapped
     * @throws VerbsException EOPNOTSUPP when device or driver cannot
     */
    public abstract MemoryRegion registerDmaBuf(
            IbvPd domain, int descriptor, long offset, long bytes, long address, int access)
            throws IOException;

    public abstract void deregister(MemoryRegion region) throws IOException;

    /** Makes a shared receive queue of that many entries, each of up to so many segments. */
    public abstract SharedReceiveQueue createSharedReceiveQueue(
            IbvPd domain, int entries, int segments) throws IOException;

    public abstract void destroySharedReceiveQueue(SharedReceiveQueue queue) throws IOException;

    /** A call that posts up to so many work requests, each of up to so many segments, to any queue pair of the device. */
    public abstract SendCall sendCall(IbvContext device, int workRequests, int segments);

    /** A call that posts receives to any queue pair or shared receive queue of the device. */
    public abstract ReceiveCall receiveCall(IbvContext device, int workRequests, int segments);

    /** The next asynchronous event of the device, acknowledged; null: there is none now. */
    public abstract @Nullable AsyncEvent getAsyncEvent(IbvContext device) throws IOException;

    /** Posts as DiSNI's users know it; {@link #sendCall} is for those who would rather not make lists. */
    @Override
    public SendCall postSend(IbvQP queuePair, List<IbvSendWR> requests, List<IbvSendWR> bad)
            throws IOException {
        int segments = requests.stream().mapToInt(each -> each.getSg_list().size()).max().orElse(0);
        return sendCall(queuePair.getContext(), requests.size(), segments)
                .on(queuePair)
                .addAll(requests);
    }

    @Override
    public ReceiveCall postRecv(IbvQP queuePair, List<IbvRecvWR> requests, List<IbvRecvWR> bad)
            throws IOException {
        int segments = requests.stream().mapToInt(each -> each.getSg_list().size()).max().orElse(0);
        return receiveCall(queuePair.getContext(), requests.size(), segments)
                .on(queuePair)
                .addAll(requests);
    }

    /** A call that takes up to {@code count} completions; {@code getPolls()} of {@code completions} are valid then. */
    @Override
    public abstract SVCPollCq pollCQ(IbvCQ queue, IbvWC[] completions, int count)
            throws IOException;

    @Override
    public abstract SVCReqNotify reqNotifyCQ(IbvCQ queue, boolean solicitedOnly) throws IOException;

    /**
     * Takes one event of the channel, unacknowledged; false when there is none within the time. 0 does not
     * wait. The descriptor of the channel is readable when there is one.
     */
    @Override
    public abstract boolean getCqEvent(IbvCompChannel channel, IbvCQ queue, int timeoutMs)
            throws IOException;

    /** Not of use here. */
    @Override
    public int queryOdpSupport(IbvContext device) {
        return 0;
    }

    /** Not of use here. */
    @Override
    public int expPrefetchMr(IbvMr region, long address, int length) {
        return 0;
    }
}
