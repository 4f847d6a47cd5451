package org.jnvmet.transport.rdma;

import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.Subsystem;
import org.jnvmet.transport.rdma.ConnectRequest.RefusedException;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.wire.rdma.ConnectRefusal;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connection requests: rejects what is not to be, and gives the others a queue pair and a loop. A request
 * that fails costs nobody else anything. Owned by the control thread.
 */
final class Admission {
    private static final Logger LOG = LoggerFactory.getLogger(Admission.class);

    private final CmLoop cm;
    private final RdmaTransport transport;

    Admission(CmLoop cm, RdmaTransport transport) {
        this.cm = cm;
        this.transport = transport;
    }

    /** A host asks; {@code listener} is null when it has just closed. */
    void onRequest(CmEvent event, @Nullable RdmaListener listener) {
        RdmaCmId id = event.id();
        try {
            if (listener == null || listener.closed()) {
                throw new RefusedException(ConnectRefusal.NO_RESOURCES, "nobody listens any more");
            }
            admit(id, event.parameters(), listener);
        } catch (RefusedException e) {
            LOG.warn("{}: rejected: {}", name(id), e.getMessage());
            reject(id, e.refusal());
        } catch (IOException | RuntimeException e) {
            LOG.warn("{}: rejected for lack of resources: {}", name(id), e.getMessage());
            reject(id, ConnectRefusal.NO_RESOURCES);
        }
    }

    private void admit(RdmaCmId id, ConnectParameters offered, RdmaListener listener)
            throws RefusedException, IOException {
        RdmaDevice device = cm.deviceOf(id);
        ConnectRequest request =
                ConnectRequest.of(
                        offered.privateData(),
                        offered.initiatorDepth(),
                        new ConnectRequest.Bounds(
                                Subsystem.MAX_QUEUE_ID,
                                listener.maxEntries(),
                                device.limits().initiatorDepth()));
        if (device.isRemoved()) {
            throw new RefusedException(ConnectRefusal.NO_RESOURCES, device + " was removed");
        }
        RdmaLoop loop = transport.reserveQueue();
        if (loop == null) {
            transport.warnFull();
            throw new RefusedException(ConnectRefusal.NO_RESOURCES, "there are too many queues");
        }
        try {
            RdmaEndpoint endpoint = make(id, request, listener, device, loop);
            hand(endpoint, loop);
        } catch (IOException | RuntimeException e) {
            loop.unreserve();
            throw e;
        }
    }

    private RdmaEndpoint make(
            RdmaCmId id,
            ConnectRequest request,
            RdmaListener listener,
            RdmaDevice device,
            RdmaLoop loop)
            throws IOException {
        // Linux hosts send admin commands without data in the capsule, whatever they are told.
        int inlineBytes = request.queueId() == 0 ? 0 : listener.inlineBytes();
        PollGroup group = device.groupFor(loop, request, listener.inlineBytes());
        try {
            RdmaEndpoint endpoint =
                    new RdmaEndpoint(
                            cm, new RdmaEndpoint.Plan(id, listener, request, group, inlineBytes));
            device.onQueue(endpoint);
            cm.add(endpoint);
            return endpoint;
        } catch (IOException | RuntimeException e) {
            group.takeBack(
                    RdmaEndpoint.completions(
                            device.limits(), request.entries(), group.shared() != null));
            throw e;
        }
    }

    private void hand(RdmaEndpoint endpoint, RdmaLoop loop) {
        try {
            loop.execute(() -> loop.open(endpoint));
        } catch (RejectedExecutionException e) {
            LOG.debug("{}: came while closing", endpoint, e);
            loop.unreserve();
            endpoint.discard();
        }
    }

    private void reject(RdmaCmId id, ConnectRefusal refusal) {
        cm.attempt("reject", () -> cm.manager().reject(id, ConnectRequest.rejection(refusal)));
        cm.attempt("identifier", () -> cm.manager().destroyCmId(id));
    }

    private String name(RdmaCmId id) {
        try {
            return "host " + RdmaEndpoint.Addresses.of(cm.manager(), id);
        } catch (IOException e) {
            LOG.debug("a host without address: {}", e.getMessage());
            return "a host";
        }
    }
}
