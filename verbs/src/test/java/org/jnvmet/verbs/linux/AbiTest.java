package org.jnvmet.verbs.linux;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.MemoryLayout.paddingLayout;
import static java.lang.foreign.MemoryLayout.sequenceLayout;
import static java.lang.foreign.MemoryLayout.structLayout;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The offsets against the declarations of verbs.h and rdma_cma.h, laid out as a compiler of C does. */
class AbiTest {
    /** Fields in the order of C, padded as the alignment of each asks for; a name of "" is not looked at. */
    private static final class Struct {
        private final List<MemoryLayout> fields = new ArrayList<>();
        private long bytes;
        private long alignment = 1;

        Struct field(String name, MemoryLayout layout) {
            pad(layout.byteAlignment());
            alignment = Math.max(alignment, layout.byteAlignment());
            bytes += layout.byteSize();
            fields.add(name.isEmpty() ? layout : layout.withName(name));
            return this;
        }

        Struct pointer(String name) {
            return field(name, JAVA_LONG);
        }

        Struct integers(String... names) {
            for (String name : names) {
                field(name, JAVA_INT);
            }
            return this;
        }

        Struct bytes(String... names) {
            for (String name : names) {
                field(name, JAVA_BYTE);
            }
            return this;
        }

        private void pad(long to) {
            long missing = -bytes & (to - 1);
            if (missing > 0) {
                fields.add(paddingLayout(missing));
                bytes += missing;
            }
        }

        StructLayout end() {
            pad(alignment);
            return structLayout(fields.toArray(MemoryLayout[]::new));
        }
    }

    private static long offset(StructLayout struct, String field) {
        return struct.byteOffset(groupElement(field));
    }

    private static MemoryLayout chars(int count) {
        return sequenceLayout(count, JAVA_BYTE);
    }

    @Test
    void devicesAndContexts() {
        StructLayout device =
                new Struct()
                        .pointer("")
                        .pointer("") // _ops
                        .integers("node_type", "transport_type")
                        .field("name", chars(64))
                        .end();
        assertThat(offset(device, "transport_type")).isEqualTo(Abi.DEVICE_TRANSPORT_TYPE);
        assertThat(offset(device, "name")).isEqualTo(Abi.DEVICE_NAME);
        Struct table = new Struct();
        for (String operation :
                """
                query_device query_port alloc_pd dealloc_pd reg_mr rereg_mr dereg_mr alloc_mw bind_mw
                dealloc_mw create_cq poll_cq req_notify_cq cq_event resize_cq destroy_cq create_srq
                modify_srq query_srq destroy_srq post_srq_recv create_qp query_qp modify_qp destroy_qp
                post_send post_recv create_ah destroy_ah attach_mcast detach_mcast async_event
                """
                        .strip()
                        .split("\\s+", -1)) {
            table.pointer(operation);
        }
        StructLayout operations = table.end();
        assertThat(offset(operations, "poll_cq")).isEqualTo(Abi.OPS_POLL_CQ);
        assertThat(offset(operations, "req_notify_cq")).isEqualTo(Abi.OPS_REQ_NOTIFY_CQ);
        assertThat(offset(operations, "post_srq_recv")).isEqualTo(Abi.OPS_POST_SRQ_RECV);
        assertThat(offset(operations, "post_send")).isEqualTo(Abi.OPS_POST_SEND);
        assertThat(offset(operations, "post_recv")).isEqualTo(Abi.OPS_POST_RECV);
        StructLayout context =
                new Struct()
                        .pointer("device")
                        .field("ops", operations)
                        .integers("cmd_fd", "async_fd", "num_comp_vectors")
                        .end();
        assertThat(offset(context, "device")).isEqualTo(Abi.CONTEXT_DEVICE);
        assertThat(offset(context, "ops")).isEqualTo(Abi.CONTEXT_OPS);
        assertThat(offset(context, "cmd_fd")).isEqualTo(Abi.CONTEXT_CMD_FD);
        assertThat(offset(context, "async_fd")).isEqualTo(Abi.CONTEXT_ASYNC_FD);
        assertThat(offset(context, "num_comp_vectors")).isEqualTo(Abi.CONTEXT_NUM_COMP_VECTORS);
    }

    @Test
    void attributesOfDevices() {
        StructLayout attributes =
                new Struct()
                        .field("fw_ver", chars(64))
                        .pointer("node_guid")
                        .pointer("sys_image_guid")
                        .pointer("max_mr_size")
                        .pointer("page_size_cap")
                        .integers("vendor_id", "vendor_part_id", "hw_ver", "max_qp", "max_qp_wr")
                        .integers("device_cap_flags", "max_sge", "max_sge_rd", "max_cq", "max_cqe")
                        .integers("max_mr", "max_pd", "max_qp_rd_atom", "max_ee_rd_atom")
                        .integers("max_res_rd_atom", "max_qp_init_rd_atom", "max_ee_init_rd_atom")
                        .integers("atomic_cap", "max_ee", "max_rdd", "max_mw", "max_raw_ipv6_qp")
                        .integers("max_raw_ethy_qp", "max_mcast_grp", "max_mcast_qp_attach")
                        .integers(
                                "max_total_mcast_qp_attach", "max_ah", "max_fmr", "max_map_per_fmr")
                        .integers("max_srq", "max_srq_wr", "max_srq_sge")
                        .field("max_pkeys", JAVA_SHORT)
                        .bytes("local_ca_ack_delay", "phys_port_cnt")
                        .end();
        assertThat(attributes.byteSize()).isEqualTo(Abi.SIZEOF_DEVICE_ATTR);
        assertThat(offset(attributes, "max_mr_size")).isEqualTo(Abi.DEVICE_ATTR_MAX_MR_SIZE);
        assertThat(offset(attributes, "max_qp_wr")).isEqualTo(Abi.DEVICE_ATTR_MAX_QP_WR);
        assertThat(offset(attributes, "max_sge")).isEqualTo(Abi.DEVICE_ATTR_MAX_SGE);
        assertThat(offset(attributes, "max_sge_rd")).isEqualTo(Abi.DEVICE_ATTR_MAX_SGE_RD);
        assertThat(offset(attributes, "max_cqe")).isEqualTo(Abi.DEVICE_ATTR_MAX_CQE);
        assertThat(offset(attributes, "max_qp_rd_atom")).isEqualTo(Abi.DEVICE_ATTR_MAX_QP_RD_ATOM);
        assertThat(offset(attributes, "max_qp_init_rd_atom"))
                .isEqualTo(Abi.DEVICE_ATTR_MAX_QP_INIT_RD_ATOM);
        assertThat(offset(attributes, "max_srq")).isEqualTo(Abi.DEVICE_ATTR_MAX_SRQ);
        assertThat(offset(attributes, "max_srq_wr")).isEqualTo(Abi.DEVICE_ATTR_MAX_SRQ_WR);
    }

    @Test
    void objectsOfADevice() {
        StructLayout region =
                new Struct()
                        .pointer("context")
                        .pointer("pd")
                        .pointer("addr")
                        .pointer("length")
                        .integers("handle", "lkey", "rkey")
                        .end();
        assertThat(offset(region, "pd")).isEqualTo(Abi.MR_PD);
        assertThat(offset(region, "addr")).isEqualTo(Abi.MR_ADDR);
        assertThat(offset(region, "length")).isEqualTo(Abi.MR_LENGTH);
        assertThat(offset(region, "handle")).isEqualTo(Abi.MR_HANDLE);
        assertThat(offset(region, "lkey")).isEqualTo(Abi.MR_LKEY);
        assertThat(offset(region, "rkey")).isEqualTo(Abi.MR_RKEY);
        StructLayout queue =
                new Struct()
                        .pointer("context")
                        .pointer("channel")
                        .pointer("cq_context")
                        .integers("handle", "cqe")
                        .end();
        assertThat(offset(queue, "channel")).isEqualTo(Abi.CQ_CHANNEL);
        assertThat(offset(queue, "handle")).isEqualTo(Abi.CQ_HANDLE);
        assertThat(offset(queue, "cqe")).isEqualTo(Abi.CQ_CQE);
        StructLayout queuePair =
                new Struct()
                        .pointer("context")
                        .pointer("qp_context")
                        .pointer("pd")
                        .pointer("send_cq")
                        .pointer("recv_cq")
                        .pointer("srq")
                        .integers("handle", "qp_num", "state", "qp_type")
                        .end();
        assertThat(offset(queuePair, "pd")).isEqualTo(Abi.QP_PD);
        assertThat(offset(queuePair, "send_cq")).isEqualTo(Abi.QP_SEND_CQ);
        assertThat(offset(queuePair, "recv_cq")).isEqualTo(Abi.QP_RECV_CQ);
        assertThat(offset(queuePair, "handle")).isEqualTo(Abi.QP_HANDLE);
        assertThat(offset(queuePair, "qp_num")).isEqualTo(Abi.QP_QP_NUM);
        assertThat(offset(queuePair, "state")).isEqualTo(Abi.QP_STATE);
        assertThat(offset(queuePair, "qp_type")).isEqualTo(Abi.QP_QP_TYPE);
    }

    @Test
    void attributesOfQueues() {
        StructLayout attributes =
                new Struct()
                        .pointer("qp_context")
                        .pointer("send_cq")
                        .pointer("recv_cq")
                        .pointer("srq")
                        .integers("max_send_wr", "max_recv_wr", "max_send_sge", "max_recv_sge")
                        .integers("max_inline_data", "qp_type", "sq_sig_all")
                        .end();
        assertThat(attributes.byteSize()).isEqualTo(Abi.SIZEOF_QP_INIT_ATTR);
        assertThat(offset(attributes, "srq")).isEqualTo(Abi.QP_INIT_ATTR_SRQ);
        assertThat(offset(attributes, "max_send_wr")).isEqualTo(Abi.QP_INIT_ATTR_MAX_SEND_WR);
        assertThat(offset(attributes, "max_recv_wr")).isEqualTo(Abi.QP_INIT_ATTR_MAX_RECV_WR);
        assertThat(offset(attributes, "max_send_sge")).isEqualTo(Abi.QP_INIT_ATTR_MAX_SEND_SGE);
        assertThat(offset(attributes, "max_recv_sge")).isEqualTo(Abi.QP_INIT_ATTR_MAX_RECV_SGE);
        assertThat(offset(attributes, "max_inline_data"))
                .isEqualTo(Abi.QP_INIT_ATTR_MAX_INLINE_DATA);
        assertThat(offset(attributes, "qp_type")).isEqualTo(Abi.QP_INIT_ATTR_QP_TYPE);
        assertThat(offset(attributes, "sq_sig_all")).isEqualTo(Abi.QP_INIT_ATTR_SQ_SIG_ALL);
        StructLayout shared =
                new Struct().pointer("srq_context").integers("max_wr", "max_sge", "limit").end();
        assertThat(shared.byteSize()).isEqualTo(Abi.SIZEOF_SRQ_INIT_ATTR);
        assertThat(offset(shared, "max_wr")).isEqualTo(Abi.SRQ_INIT_ATTR_MAX_WR);
        assertThat(offset(shared, "max_sge")).isEqualTo(Abi.SRQ_INIT_ATTR_MAX_SGE);
    }

    @Test
    void completions() {
        StructLayout completion =
                new Struct()
                        .pointer("wr_id")
                        .integers(
                                "status", "opcode", "vendor_err", "byte_len", "imm_data", "qp_num")
                        .integers("src_qp", "wc_flags")
                        .field("pkey_index", JAVA_SHORT)
                        .field("slid", JAVA_SHORT)
                        .bytes("sl", "dlid_path_bits")
                        .end();
        assertThat(completion.byteSize()).isEqualTo(Abi.SIZEOF_WC);
        assertThat(offset(completion, "status")).isEqualTo(Abi.WC_STATUS);
        assertThat(offset(completion, "opcode")).isEqualTo(Abi.WC_OPCODE);
        assertThat(offset(completion, "vendor_err")).isEqualTo(Abi.WC_VENDOR_ERR);
        assertThat(offset(completion, "byte_len")).isEqualTo(Abi.WC_BYTE_LEN);
        assertThat(offset(completion, "imm_data")).isEqualTo(Abi.WC_IMM_DATA);
        assertThat(offset(completion, "qp_num")).isEqualTo(Abi.WC_QP_NUM);
        assertThat(offset(completion, "wc_flags")).isEqualTo(Abi.WC_WC_FLAGS);
    }

    @Test
    void connections() {
        MemoryLayout storage = sequenceLayout(16, JAVA_LONG); // struct sockaddr_storage
        StructLayout address =
                new Struct()
                        .field("src", storage)
                        .field("dst", storage)
                        .field("ibaddr", sequenceLayout(5, JAVA_LONG))
                        .end();
        StructLayout id =
                new Struct()
                        .pointer("verbs")
                        .pointer("channel")
                        .pointer("context")
                        .pointer("qp")
                        .field("src", storage)
                        .field("dst", storage)
                        .field("ibaddr", sequenceLayout(5, JAVA_LONG))
                        .pointer("path_rec")
                        .integers("num_paths")
                        .pointer("") // where struct rdma_route ends, aligned
                        .end();
        assertThat(address.byteSize()).isEqualTo(296);
        assertThat(offset(id, "channel")).isEqualTo(Abi.CM_ID_CHANNEL);
        assertThat(offset(id, "context")).isEqualTo(Abi.CM_ID_CONTEXT);
        assertThat(offset(id, "qp")).isEqualTo(Abi.CM_ID_QP);
        assertThat(offset(id, "src")).isEqualTo(Abi.CM_ID_SRC_ADDR);
        assertThat(offset(id, "dst")).isEqualTo(Abi.CM_ID_DST_ADDR);
        assertThat(offset(id, "num_paths") + 8).isEqualTo(Abi.CM_ID_PS);
        assertThat(Abi.CM_ID_PORT_NUM).isEqualTo(Abi.CM_ID_PS + 4);
        StructLayout parameters =
                new Struct()
                        .pointer("private_data")
                        .bytes("private_data_len", "responder_resources", "initiator_depth")
                        .bytes("flow_control", "retry_count", "rnr_retry_count", "srq")
                        .integers("qp_num")
                        .end();
        assertThat(parameters.byteSize()).isEqualTo(Abi.SIZEOF_CONN_PARAM);
        assertThat(offset(parameters, "private_data_len"))
                .isEqualTo(Abi.CONN_PARAM_PRIVATE_DATA_LEN);
        assertThat(offset(parameters, "responder_resources"))
                .isEqualTo(Abi.CONN_PARAM_RESPONDER_RESOURCES);
        assertThat(offset(parameters, "initiator_depth")).isEqualTo(Abi.CONN_PARAM_INITIATOR_DEPTH);
        assertThat(offset(parameters, "flow_control")).isEqualTo(Abi.CONN_PARAM_FLOW_CONTROL);
        assertThat(offset(parameters, "retry_count")).isEqualTo(Abi.CONN_PARAM_RETRY_COUNT);
        assertThat(offset(parameters, "rnr_retry_count")).isEqualTo(Abi.CONN_PARAM_RNR_RETRY_COUNT);
        StructLayout event =
                new Struct()
                        .pointer("id")
                        .pointer("listen_id")
                        .integers("event", "status")
                        .field("param", parameters)
                        .end();
        assertThat(offset(event, "listen_id")).isEqualTo(Abi.CM_EVENT_LISTEN_ID);
        assertThat(offset(event, "event")).isEqualTo(Abi.CM_EVENT_EVENT);
        assertThat(offset(event, "status")).isEqualTo(Abi.CM_EVENT_STATUS);
        assertThat(offset(event, "param")).isEqualTo(Abi.CM_EVENT_PARAM);
    }
}
