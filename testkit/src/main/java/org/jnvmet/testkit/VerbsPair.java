package org.jnvmet.testkit;

import static org.jnvmet.testkit.VerbsSide.check;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.VerbsProvider;

/** A listener, and the two sides of a connection to it, each with its own event channel. For one thread. */
final class VerbsPair implements AutoCloseable {
    static final int RESOLVE_MS = 5000;

    /** Depth of RDMA READs that both sides ask for. */
    static final int DEPTH = 4;

    final VerbsSide client;
    final VerbsSide server;
    final InetSocketAddress address;
    private final RdmaCmId listener;

    /** Binds and listens on a port that the connection manager picks. */
    VerbsPair(VerbsProvider provider, InetAddress where) throws IOException {
        server = new VerbsSide(provider);
        client = new VerbsSide(provider);
        listener = server.cm.createId(server.events, RdmaCm.RDMA_PS_TCP);
        server.cm.bindAddr(listener, new InetSocketAddress(where, 0));
        server.cm.listen(listener, 4);
        address = (InetSocketAddress) server.cm.getSrcAddr(listener);
        check(address.getAddress().equals(where), "listens on %s, not %s", address, where);
        check(address.getPort() > 0, "listens on no port: %s", address);
    }

    RdmaCmId listener() {
        return listener;
    }

    /** A pair that is connected, with receivers that senders wait for without end. */
    static VerbsPair connected(VerbsProvider provider, InetAddress where) throws IOException {
        VerbsPair pair = new VerbsPair(provider, where);
        pair.connect(parameters(), parameters());
        return pair;
    }

    static ConnectParameters parameters() {
        return new ConnectParameters()
                .responderResources(DEPTH)
                .initiatorDepth(DEPTH)
                .flowControl(true)
                .retries(ConnectParameters.MAX_RETRIES)
                .receiverNotReadyRetries(ConnectParameters.MAX_RETRIES);
    }

    void connect(ConnectParameters asked, ConnectParameters answered) throws IOException {
        CmEvent request = request(asked);
        check(request.id().getVerbs() != null, "a request without a device");
        server.prepare(null, null);
        accept(answered);
    }

    /** The client asks; the server has the identifier of the request afterwards. */
    CmEvent request(ConnectParameters asked) throws IOException {
        resolve();
        client.prepare(null, null);
        client.cm.connect(client.id(), asked);
        CmEvent request = server.expect(EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
        check(
                Objects.equals(request.getListenIdPriv(), listener),
                "a request without its listener");
        server.own(request.id());
        return request;
    }

    private void resolve() throws IOException {
        RdmaCmId id = client.newId();
        client.cm.resolveAddr(id, null, address, RESOLVE_MS);
        CmEvent resolved = client.expect(EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        check(resolved.id().equals(id), "an event of another identifier");
        check(id.getVerbs() != null, "a resolved address without a device");
        client.cm.resolveRoute(id, RESOLVE_MS);
        client.expect(EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
    }

    /** The server, which has its queue pair, accepts; what the client is told. */
    CmEvent accept(ConnectParameters answered) throws IOException {
        server.cm.accept(server.id(), answered);
        CmEvent established = client.expect(EventType.RDMA_CM_EVENT_ESTABLISHED);
        server.expect(EventType.RDMA_CM_EVENT_ESTABLISHED);
        return established;
    }

    @Override
    public void close() throws IOException {
        try {
            client.close();
        } finally {
            server.cm.destroyCmId(listener);
            server.close();
        }
    }
}
