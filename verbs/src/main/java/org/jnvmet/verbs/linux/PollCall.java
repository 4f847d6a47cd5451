package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.linux.Native.CompletionQueue;

/** {@code ibv_poll_cq}: fills the objects given, again with each call. For one thread; allocates nothing. */
final class PollCall extends SVCPollCq {
    private final CompletionQueue queue;
    private final MemorySegment function;
    private final IbvWC[] completions;
    private final int most;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment memory;
    private int polls;

    PollCall(CompletionQueue queue, IbvWC[] completions, int count) {
        if (count < 1 || count > completions.length) {
            throw new IllegalArgumentException(
                    "%d completions of %d".formatted(count, completions.length));
        }
        this.queue = queue;
        this.completions = completions;
        most = count;
        function = queue.device().operations().pollCq();
        memory = arena.allocate((long) count * Abi.SIZEOF_WC, Abi.SIZEOF_POINTER);
    }

    @Override
    public SVCPollCq execute() throws IOException {
        polls = 0;
        if (!arena.scope().isAlive()) {
            throw new IllegalStateException("the call is freed");
        }
        int found = Operations.poll(function, queue.pointer.get(), most, memory.address());
        if (found < 0) {
            throw Errno.failure("ibv_poll_cq", Errno.EIO.number());
        }
        for (int i = 0; i < found; i++) {
            fill(completions[i], (long) i * Abi.SIZEOF_WC);
        }
        polls = found;
        return this;
    }

    private void fill(IbvWC completion, long at) {
        completion.setWr_id(memory.get(JAVA_LONG, at + Abi.WC_WR_ID));
        completion.setStatus(memory.get(JAVA_INT, at + Abi.WC_STATUS));
        completion.setOpcode(memory.get(JAVA_INT, at + Abi.WC_OPCODE));
        completion.setVendor_err(memory.get(JAVA_INT, at + Abi.WC_VENDOR_ERR));
        completion.setByte_len(memory.get(JAVA_INT, at + Abi.WC_BYTE_LEN));
        completion.setImm_data(memory.get(JAVA_INT, at + Abi.WC_IMM_DATA));
        completion.setQp_num(memory.get(JAVA_INT, at + Abi.WC_QP_NUM));
        completion.setWc_flags(memory.get(JAVA_INT, at + Abi.WC_WC_FLAGS));
    }

    @Override
    public int getPolls() {
        return polls;
    }

    @Override
    public boolean isValid() {
        return arena.scope().isAlive();
    }

    @Override
    public SVCPollCq free() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
        return this;
    }
}
