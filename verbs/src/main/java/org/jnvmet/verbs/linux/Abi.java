package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;

/**
 * Offsets of the fields of rdma-core's public structures on 64-bit machines, as {@code infiniband/verbs.h}
 * and {@code rdma/rdma_cma.h} declare them; each constant is named after its structure and field. They
 * are part of the libraries' ABI since libibverbs.so.1 and librdmacm.so.1 exist. {@link SelfCheck} compares
 * them with what a running library fills in.
 */
@SuppressWarnings("restricted")
final class Abi {
    static final int SIZEOF_POINTER = 8;

    // struct ibv_device.
    static final int DEVICE_TRANSPORT_TYPE = 20;
    static final int DEVICE_NAME = 24;
    static final int DEVICE_NAME_BYTES = 64;

    // struct ibv_context, and its struct ibv_context_ops.
    static final int CONTEXT_DEVICE = 0;
    static final int CONTEXT_OPS = 8;
    static final int CONTEXT_CMD_FD = 264;
    static final int CONTEXT_ASYNC_FD = 268;
    static final int CONTEXT_NUM_COMP_VECTORS = 272;
    static final int OPS_POLL_CQ = 88;
    static final int OPS_REQ_NOTIFY_CQ = 96;
    static final int OPS_POST_SRQ_RECV = 160;
    static final int OPS_POST_SEND = 200;
    static final int OPS_POST_RECV = 208;

    // struct ibv_device_attr.
    static final int SIZEOF_DEVICE_ATTR = 232;
    static final int DEVICE_ATTR_MAX_MR_SIZE = 80;
    static final int DEVICE_ATTR_MAX_QP_WR = 112;
    static final int DEVICE_ATTR_MAX_SGE = 120;
    static final int DEVICE_ATTR_MAX_SGE_RD = 124;
    static final int DEVICE_ATTR_MAX_CQE = 132;
    static final int DEVICE_ATTR_MAX_QP_RD_ATOM = 144;
    static final int DEVICE_ATTR_MAX_QP_INIT_RD_ATOM = 156;
    static final int DEVICE_ATTR_MAX_SRQ = 212;
    static final int DEVICE_ATTR_MAX_SRQ_WR = 216;

    // struct ibv_pd.
    static final int PD_CONTEXT = 0;
    static final int PD_HANDLE = 8;

    // struct ibv_mr.
    static final int MR_CONTEXT = 0;
    static final int MR_PD = 8;
    static final int MR_ADDR = 16;
    static final int MR_LENGTH = 24;
    static final int MR_HANDLE = 32;
    static final int MR_LKEY = 36;
    static final int MR_RKEY = 40;

    // struct ibv_comp_channel.
    static final int COMP_CHANNEL_CONTEXT = 0;
    static final int COMP_CHANNEL_FD = 8;

    // struct ibv_cq.
    static final int CQ_CONTEXT = 0;
    static final int CQ_CHANNEL = 8;
    static final int CQ_HANDLE = 24;
    static final int CQ_CQE = 28;

    // struct ibv_qp.
    static final int QP_CONTEXT = 0;
    static final int QP_PD = 16;
    static final int QP_SEND_CQ = 24;
    static final int QP_RECV_CQ = 32;
    static final int QP_SRQ = 40;
    static final int QP_HANDLE = 48;
    static final int QP_QP_NUM = 52;
    static final int QP_STATE = 56;
    static final int QP_QP_TYPE = 60;

    // struct ibv_srq_init_attr, with its struct ibv_srq_attr.
    static final int SIZEOF_SRQ_INIT_ATTR = 24;
    static final int SRQ_INIT_ATTR_MAX_WR = 8;
    static final int SRQ_INIT_ATTR_MAX_SGE = 12;

    // struct ibv_qp_init_attr, with its struct ibv_qp_cap.
    static final int SIZEOF_QP_INIT_ATTR = 64;
    static final int QP_INIT_ATTR_QP_CONTEXT = 0;
    static final int QP_INIT_ATTR_SEND_CQ = 8;
    static final int QP_INIT_ATTR_RECV_CQ = 16;
    static final int QP_INIT_ATTR_SRQ = 24;
    static final int QP_INIT_ATTR_MAX_SEND_WR = 32;
    static final int QP_INIT_ATTR_MAX_RECV_WR = 36;
    static final int QP_INIT_ATTR_MAX_SEND_SGE = 40;
    static final int QP_INIT_ATTR_MAX_RECV_SGE = 44;
    static final int QP_INIT_ATTR_MAX_INLINE_DATA = 48;
    static final int QP_INIT_ATTR_QP_TYPE = 52;
    static final int QP_INIT_ATTR_SQ_SIG_ALL = 56;

    // struct ibv_wc.
    static final int SIZEOF_WC = 48;
    static final int WC_WR_ID = 0;
    static final int WC_STATUS = 8;
    static final int WC_OPCODE = 12;
    static final int WC_VENDOR_ERR = 16;
    static final int WC_BYTE_LEN = 20;
    static final int WC_IMM_DATA = 24;
    static final int WC_QP_NUM = 28;
    static final int WC_WC_FLAGS = 36;

    // struct ibv_async_event.
    static final int SIZEOF_ASYNC_EVENT = 16;
    static final int ASYNC_EVENT_ELEMENT = 0;
    static final int ASYNC_EVENT_EVENT_TYPE = 8;

    // struct rdma_event_channel.
    static final int EVENT_CHANNEL_FD = 0;

    // struct rdma_cm_id, with its struct rdma_route and struct rdma_addr.
    static final int CM_ID_VERBS = 0;
    static final int CM_ID_CHANNEL = 8;
    static final int CM_ID_CONTEXT = 16;
    static final int CM_ID_QP = 24;
    static final int CM_ID_SRC_ADDR = 32;
    static final int CM_ID_DST_ADDR = 160;
    static final int CM_ID_PS = 344;
    static final int CM_ID_PORT_NUM = 348;

    // struct rdma_conn_param.
    static final int SIZEOF_CONN_PARAM = 24;
    static final int CONN_PARAM_PRIVATE_DATA = 0;
    static final int CONN_PARAM_PRIVATE_DATA_LEN = 8;
    static final int CONN_PARAM_RESPONDER_RESOURCES = 9;
    static final int CONN_PARAM_INITIATOR_DEPTH = 10;
    static final int CONN_PARAM_FLOW_CONTROL = 11;
    static final int CONN_PARAM_RETRY_COUNT = 12;
    static final int CONN_PARAM_RNR_RETRY_COUNT = 13;

    // struct rdma_cm_event.
    static final int CM_EVENT_ID = 0;
    static final int CM_EVENT_LISTEN_ID = 8;
    static final int CM_EVENT_EVENT = 16;
    static final int CM_EVENT_STATUS = 20;
    static final int CM_EVENT_PARAM = 24;

    // struct sockaddr_in and sockaddr_in6, of the kernel's own ABI.
    static final int SIZEOF_SOCKADDR_IN = 16;
    static final int SIZEOF_SOCKADDR_IN6 = 28;
    static final int SOCKADDR_FAMILY = 0;
    static final int SOCKADDR_PORT = 2;
    static final int SOCKADDR_IN_ADDR = 4;
    static final int SOCKADDR_IN6_ADDR = 8;
    static final int SOCKADDR_IN6_SCOPE_ID = 24;

    /** All memory of this process; the structures of the libraries lie anywhere in it. */
    private static final MemorySegment EVERYTHING = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private Abi() {}

    static int getInt(long structure, int field) {
        return EVERYTHING.get(JAVA_INT_UNALIGNED, structure + field);
    }

    static long getLong(long structure, int field) {
        return EVERYTHING.get(JAVA_LONG_UNALIGNED, structure + field);
    }

    /** An unsigned byte. */
    static int getByte(long structure, int field) {
        return Byte.toUnsignedInt(EVERYTHING.get(JAVA_BYTE, structure + field));
    }

    static MemorySegment slice(long structure, int field, int bytes) {
        return EVERYTHING.asSlice(structure + field, bytes);
    }
}
