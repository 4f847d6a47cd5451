package org.jnvmet.verbs.linux;

import java.io.IOException;
import org.jnvmet.verbs.VerbsUnavailableException;

/**
 * Compares {@link Abi} with what the libraries of this machine fill in, before anything relies on it. What
 * does not fit is named, and RDMA is not used then: a wrong offset would corrupt memory.
 */
final class SelfCheck {
    private static final String UVERBS = "/dev/infiniband/uverbs";
    private static final String EVENTS = "infinibandevent";
    private static final int MOST_VECTORS = 1 << 16;
    private static final int TRANSPORT_UNKNOWN = -1;
    private static final int MOST_TRANSPORTS = 8;
    private static final int QP_TYPE_RC = 2;

    private final Machine machine;

    SelfCheck(Machine machine) {
        this.machine = machine;
    }

    /** {@code struct rdma_event_channel} as it was created. */
    void eventChannel(long channel) throws IOException {
        int descriptor = Abi.getInt(channel, Abi.EVENT_CHANNEL_FD);
        String behind = machine.behind(descriptor);
        require(
                "rdma_event_channel.fd",
                behind.endsWith("/rdma_cm"),
                "is descriptor %d, %s".formatted(descriptor, behind));
    }

    /** {@code struct rdma_cm_id} as it was created. */
    void identifier(long id, long channel, long context, int portSpace) throws IOException {
        equal("rdma_cm_id.channel", Abi.getLong(id, Abi.CM_ID_CHANNEL), channel);
        equal("rdma_cm_id.context", Abi.getLong(id, Abi.CM_ID_CONTEXT), context);
        equal("rdma_cm_id.ps", Abi.getInt(id, Abi.CM_ID_PS), portSpace);
        equal("rdma_cm_id.verbs", Abi.getLong(id, Abi.CM_ID_VERBS), 0);
        equal("rdma_cm_id.qp", Abi.getLong(id, Abi.CM_ID_QP), 0);
    }

    /** {@code struct ibv_context}, with its device and its operations. */
    void context(long context) throws IOException {
        String name = LinuxDevice.nameOf(context);
        require(
                "ibv_device.name",
                machine.devices().contains(name),
                "is \"%s\" with devices %s".formatted(name, machine.devices()));
        int transport =
                Abi.getInt(Abi.getLong(context, Abi.CONTEXT_DEVICE), Abi.DEVICE_TRANSPORT_TYPE);
        require(
                "ibv_device.transport_type",
                transport >= TRANSPORT_UNKNOWN && transport < MOST_TRANSPORTS,
                "is " + transport);
        descriptor("ibv_context.cmd_fd", Abi.getInt(context, Abi.CONTEXT_CMD_FD), UVERBS);
        descriptor("ibv_context.async_fd", Abi.getInt(context, Abi.CONTEXT_ASYNC_FD), EVENTS);
        int vectors = Abi.getInt(context, Abi.CONTEXT_NUM_COMP_VECTORS);
        require(
                "ibv_context.num_comp_vectors",
                vectors > 0 && vectors < MOST_VECTORS,
                "is " + vectors);
        operation("poll_cq", context, Abi.OPS_POLL_CQ);
        operation("req_notify_cq", context, Abi.OPS_REQ_NOTIFY_CQ);
        operation("post_srq_recv", context, Abi.OPS_POST_SRQ_RECV);
        operation("post_send", context, Abi.OPS_POST_SEND);
        operation("post_recv", context, Abi.OPS_POST_RECV);
    }

    /** {@code struct ibv_pd} as it was made. */
    void domain(long domain, long context) throws IOException {
        equal("ibv_pd.context", Abi.getLong(domain, Abi.PD_CONTEXT), context);
    }

    /** {@code struct ibv_mr} as it was registered. */
    void region(long region, long domain, long address, long bytes) throws IOException {
        equal("ibv_mr.pd", Abi.getLong(region, Abi.MR_PD), domain);
        equal(
                "ibv_mr.context",
                Abi.getLong(region, Abi.MR_CONTEXT),
                Abi.getLong(domain, Abi.PD_CONTEXT));
        equal("ibv_mr.addr", Abi.getLong(region, Abi.MR_ADDR), address);
        equal("ibv_mr.length", Abi.getLong(region, Abi.MR_LENGTH), bytes);
    }

    /** {@code struct ibv_comp_channel} as it was created. */
    void completionChannel(long channel, long context) throws IOException {
        equal("ibv_comp_channel.context", Abi.getLong(channel, Abi.COMP_CHANNEL_CONTEXT), context);
        descriptor("ibv_comp_channel.fd", Abi.getInt(channel, Abi.COMP_CHANNEL_FD), EVENTS);
    }

    /** {@code struct ibv_cq} as it was created. */
    void completionQueue(long queue, long context, long channel, int entries) throws IOException {
        equal("ibv_cq.context", Abi.getLong(queue, Abi.CQ_CONTEXT), context);
        equal("ibv_cq.channel", Abi.getLong(queue, Abi.CQ_CHANNEL), channel);
        int made = Abi.getInt(queue, Abi.CQ_CQE);
        require("ibv_cq.cqe", made >= entries, "is %d of %d asked for".formatted(made, entries));
    }

    /** {@code struct ibv_qp} as librdmacm has created it for an identifier. */
    void queuePair(long queuePair, long context, long domain, long sends, long receives)
            throws IOException {
        equal("ibv_qp.context", Abi.getLong(queuePair, Abi.QP_CONTEXT), context);
        equal("ibv_qp.pd", Abi.getLong(queuePair, Abi.QP_PD), domain);
        equal("ibv_qp.send_cq", Abi.getLong(queuePair, Abi.QP_SEND_CQ), sends);
        equal("ibv_qp.recv_cq", Abi.getLong(queuePair, Abi.QP_RECV_CQ), receives);
        equal("ibv_qp.qp_type", Abi.getInt(queuePair, Abi.QP_QP_TYPE), QP_TYPE_RC);
    }

    private void operation(String name, long context, int offset) throws IOException {
        long function = Abi.getLong(context, Abi.CONTEXT_OPS + offset);
        require(
                "ibv_context_ops." + name,
                machine.isExecutable(function),
                "points to %#x, which is no code".formatted(function));
    }

    private void descriptor(String field, int descriptor, String expected) throws IOException {
        String behind = machine.behind(descriptor);
        require(
                field,
                behind.contains(expected),
                "is descriptor %d, %s".formatted(descriptor, behind));
    }

    private static void equal(String field, long found, long expected) throws IOException {
        if (found != expected) {
            require(field, false, "is %#x, expected %#x".formatted(found, expected));
        }
    }

    private static void require(String field, boolean truth, String found) throws IOException {
        if (!truth) {
            throw new VerbsUnavailableException(
                    "the RDMA libraries of this machine have another layout than rdma-core's: %s %s"
                            .formatted(field, found));
        }
    }
}
