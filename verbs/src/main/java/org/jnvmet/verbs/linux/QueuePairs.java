package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.ibm.disni.verbs.IbvQPCap;
import com.ibm.disni.verbs.IbvQPInitAttr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/** {@code struct ibv_qp_init_attr} to and from DiSNI's class. */
final class QueuePairs {
    private QueuePairs() {}

    static MemorySegment toNative(
            Arena arena, IbvQPInitAttr attributes, long sends, long receives) {
        MemorySegment structure = arena.allocate(Abi.SIZEOF_QP_INIT_ATTR, Abi.SIZEOF_POINTER);
        structure.set(JAVA_LONG, Abi.QP_INIT_ATTR_QP_CONTEXT, attributes.getQp_context());
        structure.set(JAVA_LONG, Abi.QP_INIT_ATTR_SEND_CQ, sends);
        structure.set(JAVA_LONG, Abi.QP_INIT_ATTR_RECV_CQ, receives);
        structure.set(JAVA_LONG, Abi.QP_INIT_ATTR_SRQ, attributes.getSrq());
        IbvQPCap cap = attributes.cap();
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_MAX_SEND_WR, cap.getMax_send_wr());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_MAX_RECV_WR, cap.getMax_recv_wr());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_MAX_SEND_SGE, cap.getMax_send_sge());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_MAX_RECV_SGE, cap.getMax_recv_sge());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_MAX_INLINE_DATA, cap.getMax_inline_data());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_QP_TYPE, attributes.getQp_type());
        structure.set(JAVA_INT, Abi.QP_INIT_ATTR_SQ_SIG_ALL, attributes.getSq_sig_all());
        return structure;
    }

    /** What the device made of the capacities asked for: as many, or more. */
    static void takeCapacities(MemorySegment structure, IbvQPInitAttr attributes) {
        IbvQPCap cap = attributes.cap();
        cap.setMax_send_wr(structure.get(JAVA_INT, Abi.QP_INIT_ATTR_MAX_SEND_WR));
        cap.setMax_recv_wr(structure.get(JAVA_INT, Abi.QP_INIT_ATTR_MAX_RECV_WR));
        cap.setMax_send_sge(structure.get(JAVA_INT, Abi.QP_INIT_ATTR_MAX_SEND_SGE));
        cap.setMax_recv_sge(structure.get(JAVA_INT, Abi.QP_INIT_ATTR_MAX_RECV_SGE));
        cap.setMax_inline_data(structure.get(JAVA_INT, Abi.QP_INIT_ATTR_MAX_INLINE_DATA));
    }

    /** For the sentence of a failure. */
    static String describe(IbvQPInitAttr attributes) {
        IbvQPCap cap = attributes.cap();
        return " of %d sends of %d segments and %d receives of %d segments"
                .formatted(
                        cap.getMax_send_wr(),
                        cap.getMax_send_sge(),
                        cap.getMax_recv_wr(),
                        cap.getMax_recv_sge());
    }
}
