package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;

/** The calls of the data path: made once, executed for ever, without a lock and without garbage. */
final class Calls {
    private Calls() {}

    /** Posts sends. */
    static final class Send extends SendCall {
        Send(int workRequests, int segments) {
            super(workRequests, segments);
        }

        @Override
        protected long post(IbvQP queuePair, long first) throws IOException {
            return ((QueuePair) queuePair).postSend(first);
        }
    }

    /** Posts receives. */
    static final class Receive extends ReceiveCall {
        Receive(int workRequests, int segments) {
            super(workRequests, segments);
        }

        @Override
        protected long post(IbvQP queuePair, long first) throws IOException {
            return ((QueuePair) queuePair).postReceive(first);
        }

        @Override
        protected long post(SharedReceiveQueue queue, long first) throws IOException {
            return ((SoftwareReceiveQueue) queue).post(first);
        }
    }

    /** Takes completions. */
    static final class Poll extends SVCPollCq {
        private final CompletionQueue queue;
        private final IbvWC[] completions;
        private final int most;
        private int polls;

        Poll(CompletionQueue queue, IbvWC[] completions, int most) {
            this.queue = queue;
            this.completions = completions;
            this.most = most;
        }

        @Override
        public SVCPollCq execute() {
            polls = queue.take(completions, most);
            return this;
        }

        @Override
        public int getPolls() {
            return polls;
        }

        @Override
        public boolean isValid() {
            return queue.isOpen();
        }

        @Override
        public SVCPollCq free() {
            return this;
        }
    }

    /** Asks for an event. */
    static final class Notify extends SVCReqNotify {
        private final Network network;
        private final CompletionQueue queue;
        private final int what;

        Notify(Network network, CompletionQueue queue, boolean solicitedOnly) {
            this.network = network;
            this.queue = queue;
            what = solicitedOnly ? CompletionQueue.SOLICITED : CompletionQueue.ANY;
        }

        @Override
        public SVCReqNotify execute() throws IOException {
            network.step(Faults.Step.REQUEST_NOTIFICATION, "ibv_req_notify_cq");
            queue.request(what);
            return this;
        }

        @Override
        public boolean isValid() {
            return queue.isOpen();
        }

        @Override
        public SVCReqNotify free() {
            return this;
        }
    }
}
