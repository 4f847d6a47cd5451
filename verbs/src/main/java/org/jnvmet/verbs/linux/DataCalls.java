package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.linux.Native.CompletionQueue;
import org.jnvmet.verbs.linux.Native.QueuePair;
import org.jnvmet.verbs.linux.Native.SharedQueue;

/** The calls that post and ask for events. Each for one thread at a time; none allocates. */
final class DataCalls {
    private DataCalls() {}

    /** Where a device leaves the address of the first work request that it did not take. */
    private static final class Rejected {
        private final MemorySegment place = Arena.ofAuto().allocate(Long.BYTES, Long.BYTES);

        /** Posts a chain: the address of the first that was not taken; 0: all were. */
        long post(MemorySegment function, String call, long queue, long first) throws IOException {
            int errno = Operations.post(function, queue, first, place.address());
            if (errno == 0) {
                return 0;
            }
            long rejected = place.get(JAVA_LONG, 0);
            if (rejected == first) {
                throw Errno.failure(call, Math.abs(errno)); // some drivers negate it
            }
            return rejected;
        }
    }

    /** {@code ibv_post_send}. */
    static final class Send extends SendCall {
        private final MemorySegment function;
        private final Rejected rejected = new Rejected();

        Send(LinuxDevice device, int workRequests, int segments) {
            super(workRequests, segments);
            function = device.operations().postSend();
        }

        @Override
        protected long post(IbvQP queuePair, long first) throws IOException {
            long queue = ((QueuePair) queuePair).pointer.get();
            return rejected.post(function, "ibv_post_send", queue, first);
        }
    }

    /** {@code ibv_post_recv} and {@code ibv_post_srq_recv}. */
    static final class Receive extends ReceiveCall {
        private final MemorySegment function;
        private final MemorySegment sharedFunction;
        private final Rejected rejected = new Rejected();

        Receive(LinuxDevice device, int workRequests, int segments) {
            super(workRequests, segments);
            function = device.operations().postRecv();
            sharedFunction = device.operations().postSrqRecv();
        }

        @Override
        protected long post(IbvQP queuePair, long first) throws IOException {
            long queue = ((QueuePair) queuePair).pointer.get();
            return rejected.post(function, "ibv_post_recv", queue, first);
        }

        @Override
        protected long post(SharedReceiveQueue queue, long first) throws IOException {
            long shared = ((SharedQueue) queue).pointer.get();
            return rejected.post(sharedFunction, "ibv_post_srq_recv", shared, first);
        }
    }

    /** {@code ibv_req_notify_cq}. Holds no native memory. */
    static final class RequestNotification extends SVCReqNotify {
        private final CompletionQueue queue;
        private final MemorySegment function;
        private final int solicitedOnly;
        private boolean valid = true;

        RequestNotification(CompletionQueue queue, boolean solicitedOnly) {
            this.queue = queue;
            this.solicitedOnly = solicitedOnly ? 1 : 0;
            function = queue.device().operations().reqNotifyCq();
        }

        @Override
        public SVCReqNotify execute() throws IOException {
            int errno =
                    Operations.requestNotification(function, queue.pointer.get(), solicitedOnly);
            if (errno != 0) {
                throw Errno.failure("ibv_req_notify_cq", Math.abs(errno));
            }
            return this;
        }

        @Override
        public boolean isValid() {
            return valid;
        }

        @Override
        public SVCReqNotify free() {
            valid = false;
            return this;
        }
    }
}
