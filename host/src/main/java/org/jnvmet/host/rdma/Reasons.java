package org.jnvmet.host.rdma;

import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.wire.rdma.ConnectRefusal;
import org.jnvmet.wire.rdma.ConnectRejectData;

/** What went wrong, for people: events of the connection manager, error numbers, statuses of completions. */
final class Reasons {
    /** {@code enum ib_cm_rej_reason}: nobody listens. */
    private static final int INVALID_SERVICE_ID = 8;

    /** {@code enum ib_cm_rej_reason}: whoever listens says why in the private data. */
    private static final int CONSUMER_DEFINED = 28;

    private Reasons() {}

    /** Why a step of connecting failed. */
    static String ofConnecting(CmEvent event) {
        return switch (event.type()) {
            case RDMA_CM_EVENT_REJECTED -> ofRejection(event);
            case RDMA_CM_EVENT_ADDR_ERROR -> ofAddress(-event.getStatus());
            case RDMA_CM_EVENT_ROUTE_ERROR -> "no route: " + Errno.text(-event.getStatus());
            case RDMA_CM_EVENT_UNREACHABLE ->
                    "the controller does not answer: " + Errno.text(-event.getStatus());
            case RDMA_CM_EVENT_CONNECT_ERROR ->
                    "connecting failed: " + Errno.text(-event.getStatus());
            default -> ofEnd(event.type()).orElse("unexpected event " + event.type());
        };
    }

    private static String ofAddress(int errno) {
        return switch (errno) {
            case Errno.ENODEV, Errno.EHOSTUNREACH, Errno.ENETUNREACH ->
                    "no RDMA device leads there: " + Errno.text(errno);
            default -> "the address does not answer: " + Errno.text(errno);
        };
    }

    /** What an event means to an established connection; empty when nothing. */
    static Optional<String> ofEnd(EventType type) {
        return switch (type) {
            case RDMA_CM_EVENT_DISCONNECTED -> Optional.of("the controller closed the connection");
            case RDMA_CM_EVENT_DEVICE_REMOVAL -> Optional.of("the RDMA device was removed");
            case RDMA_CM_EVENT_ADDR_CHANGE ->
                    Optional.of("the address moved to another RDMA device");
            case RDMA_CM_EVENT_TIMEWAIT_EXIT -> Optional.of("the connection has ended");
            default -> Optional.empty();
        };
    }

    private static String ofRejection(CmEvent event) {
        int status = event.getStatus();
        if (status == INVALID_SERVICE_ID || status == -Errno.ECONNREFUSED) {
            return "connection refused: nobody listens there";
        }
        byte[] data = event.parameters().privateData();
        if (status != CONSUMER_DEFINED || data.length < ConnectRejectData.BYTES) {
            return "the connection was rejected, reason " + status;
        }
        ConnectRejectData reject = new ConnectRejectData().wrap(MemorySegment.ofArray(data), 0);
        int code = reject.getInt(ConnectRejectData.STS);
        Optional<ConnectRefusal> refusal = ConnectRefusal.of(code);
        if (refusal.isEmpty()) {
            return "the controller rejected the connection, status " + code;
        }
        String later =
                refusal.get() == ConnectRefusal.NO_RESOURCES
                        ? "; it may have room later"
                        : "; trying again will not help";
        return "the controller rejected the connection: " + refusal.get().meaning() + later;
    }

    /** Why a call failed. */
    static String of(IOException e) {
        if (!(e instanceof VerbsException failed)) {
            return String.valueOf(e.getMessage());
        }
        return switch (failed.errno()) {
            case Errno.EADDRNOTAVAIL -> "no RDMA device has the local address";
            case Errno.ENODEV -> "no RDMA device leads there";
            default -> String.valueOf(failed.getMessage());
        };
    }

    /** What the status of a failed completion means. */
    static String ofCompletion(int status) {
        if (status < 0 || status >= IbvWcStatus.values().length) {
            return "work completion status " + status;
        }
        return switch (IbvWcStatus.valueOf(status)) {
            case IBV_WC_WR_FLUSH_ERR -> "the connection was closed";
            case IBV_WC_RETRY_EXC_ERR -> "the controller does not answer any more";
            case IBV_WC_RNR_RETRY_EXC_ERR -> "the controller takes no more commands";
            case IBV_WC_LOC_LEN_ERR -> "the controller sent more than a response";
            case IBV_WC_REM_INV_REQ_ERR -> "a command was too long for the controller";
            default ->
                    "work completion status "
                            + status
                            + " ("
                            + IbvWcStatus.valueOf(status).name().replace("IBV_WC_", "")
                            + ")";
        };
    }
}
