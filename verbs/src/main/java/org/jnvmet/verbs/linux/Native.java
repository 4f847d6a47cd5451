package org.jnvmet.verbs.linux;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jspecify.annotations.Nullable;

/** DiSNI's objects, each with the structure of the libraries' that it stands for. */
final class Native {
    private Native() {}

    /** {@code struct rdma_event_channel}. */
    static final class EventChannel extends RdmaEventChannel {
        final Pointer pointer;

        EventChannel(long address) throws IOException {
            super(Abi.getInt(address, Abi.EVENT_CHANNEL_FD));
            pointer = new Pointer("rdma_event_channel", address);
        }
    }

    /** {@code struct rdma_cm_id}. */
    static final class Identifier extends RdmaCmId {
        final Pointer pointer;
        private final Devices devices;
        private @Nullable QueuePair queuePair;
        private volatile @Nullable LinuxDevice device;

        @SuppressWarnings("NullAway") // DiSNI's field is null as long as there is no device
        Identifier(EventChannel channel, long address, Devices devices) throws IOException {
            super(channel, null);
            this.devices = devices;
            pointer = new Pointer("rdma_cm_id", address);
            ps = Abi.getInt(address, Abi.CM_ID_PS);
        }

        /** Its device; null before it has one, as DiSNI's users know it. */
        @Override
        @SuppressWarnings("NullAway")
        public IbvContext getVerbs() throws IOException {
            LinuxDevice known = device;
            if (known == null) {
                long context = Abi.getLong(pointer.get(), Abi.CM_ID_VERBS);
                if (context != 0) {
                    known = devices.of(context);
                    device = known;
                }
            }
            return known;
        }

        /** The kernel has told that its device goes. */
        void deviceRemoved() throws IOException {
            LinuxDevice had = device;
            if (had == null) { // its own is not known, but another's of the same device may be
                had = devices.known(Abi.getLong(pointer.get(), Abi.CM_ID_VERBS));
            }
            if (had != null) {
                had.removed();
            }
        }

        @Override
        public byte getPort_num() {
            return (byte) Abi.getByte(pointer.get(), Abi.CM_ID_PORT_NUM);
        }

        @Override
        @SuppressWarnings("NullAway")
        public IbvQP getQp() {
            return queuePair;
        }

        @SuppressWarnings("NullAway")
        synchronized void queuePair(@Nullable QueuePair made) {
            queuePair = made;
            setQp(made);
        }

        /** Its queue pair, and it has none from now on. */
        synchronized @Nullable QueuePair takeQueuePair() {
            QueuePair had = queuePair;
            queuePair(null);
            return had;
        }
    }

    /** {@code struct ibv_pd}. */
    static final class Domain extends IbvPd {
        final Pointer pointer;

        Domain(LinuxDevice device, long address) throws IOException {
            super(device);
            pointer = new Pointer("ibv_pd", address);
            handle = Abi.getInt(address, Abi.PD_HANDLE);
        }
    }

    /** {@code struct ibv_comp_channel}. */
    static final class CompletionChannel extends IbvCompChannel {
        final Pointer pointer;

        CompletionChannel(LinuxDevice device, long address) throws IOException {
            super(Abi.getInt(address, Abi.COMP_CHANNEL_FD), device);
            pointer = new Pointer("ibv_comp_channel", address);
        }
    }

    /** {@code struct ibv_cq}. */
    static final class CompletionQueue extends IbvCQ {
        final Pointer pointer;

        @SuppressWarnings("NullAway") // DiSNI's field is null without a channel
        CompletionQueue(LinuxDevice device, @Nullable IbvCompChannel channel, long address)
                throws IOException {
            super(device, channel, Abi.getInt(address, Abi.CQ_HANDLE));
            pointer = new Pointer("ibv_cq", address);
            cqe = Abi.getInt(address, Abi.CQ_CQE); // DiSNI's constructor leaves it 0
        }

        LinuxDevice device() {
            return (LinuxDevice) context;
        }
    }

    /** {@code struct ibv_qp}. */
    static final class QueuePair extends IbvQP {
        final Pointer pointer;

        QueuePair(LinuxDevice device, IbvPd domain, IbvCQ sends, IbvCQ receives, long address)
                throws IOException {
            super(Abi.getInt(address, Abi.QP_QP_NUM));
            pointer = new Pointer("ibv_qp", address);
            context = device;
            pd = domain;
            send_cq = sends;
            recv_cq = receives;
            qp_num = Abi.getInt(address, Abi.QP_QP_NUM);
            handle = Abi.getInt(address, Abi.QP_HANDLE);
            state = Abi.getInt(address, Abi.QP_STATE);
            qp_type = Abi.getInt(address, Abi.QP_QP_TYPE);
        }
    }

    /** {@code struct ibv_mr}. */
    static final class Region extends MemoryRegion {
        final Pointer pointer;

        /** @param structure address of the structure */
        Region(LinuxDevice device, long structure, long address, long bytes, int access)
                throws IOException {
            super(
                    device,
                    address,
                    bytes,
                    access,
                    new Keys(
                            Abi.getInt(structure, Abi.MR_LKEY), Abi.getInt(structure, Abi.MR_RKEY)),
                    Abi.getInt(structure, Abi.MR_HANDLE));
            pointer = new Pointer("ibv_mr", structure);
        }
    }

    /** {@code struct ibv_srq}. */
    static final class SharedQueue extends SharedReceiveQueue {
        final Pointer pointer;

        SharedQueue(long address) {
            pointer = new Pointer("ibv_srq", address);
        }

        @Override
        public long handle() {
            return pointer.get();
        }
    }
}
