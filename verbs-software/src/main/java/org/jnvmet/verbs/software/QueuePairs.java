package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPCap;
import com.ibm.disni.verbs.IbvQPInitAttr;
import java.io.IOException;
import java.util.Arrays;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.software.Ledger.Kind;

/** Makes queue pairs as far as their device can. Under the lock of the network. */
final class QueuePairs {
    private QueuePairs() {}

    static QueuePair make(
            Network network,
            SoftwareDevice device,
            ProtectionDomain domain,
            IbvQPInitAttr attributes)
            throws IOException {
        network.ledger().present(Kind.DOMAIN, domain);
        check(domain.device() == device, "a domain of another device");
        for (IbvCQ each : Arrays.asList(attributes.getSend_cq(), attributes.getRecv_cq())) {
            check(each != null && each.getContext() == device, "no completion queue of the device");
            network.ledger().present(Kind.COMPLETION_QUEUE, each);
        }
        SoftwareReceiveQueue shared = null;
        if (attributes.getSrq() != 0) {
            shared = network.receiveQueues().get(attributes.getSrq());
            check(shared != null && shared.domain() == domain, "no shared queue of the domain");
        }
        checkLimits(device, attributes);
        SoftwareReceiveQueue receives = shared;
        return network.provider()
                .make(() -> new QueuePair(domain, attributes, receives, network.nextNumber()));
    }

    private static void checkLimits(SoftwareDevice device, IbvQPInitAttr attributes)
            throws VerbsException {
        int entries = device.limits().queuePairEntries();
        int segments = device.limits().scatterEntries();
        IbvQPCap cap = attributes.cap();
        check(attributes.getQp_type() == IbvQP.IBV_QPT_RC, "not a reliable connection");
        check(within(cap.getMax_send_wr(), entries), cap.getMax_send_wr() + " sends");
        check(within(cap.getMax_recv_wr(), entries), cap.getMax_recv_wr() + " receives");
        check(within(cap.getMax_send_sge(), segments), cap.getMax_send_sge() + " segments");
        check(within(cap.getMax_recv_sge(), segments), cap.getMax_recv_sge() + " segments");
        check(
                within(cap.getMax_inline_data(), SoftwareDevice.MOST_INLINE_BYTES),
                cap.getMax_inline_data() + " bytes inline");
    }

    private static boolean within(int value, int most) {
        return value >= 0 && value <= most;
    }

    private static void check(boolean holds, String otherwise) throws VerbsException {
        if (!holds) {
            throw Errno.of(Errno.EINVAL, "rdma_create_qp", otherwise);
        }
    }
}
