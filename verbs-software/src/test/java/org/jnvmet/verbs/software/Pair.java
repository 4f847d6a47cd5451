package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.Objects;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsProvider;
import org.jspecify.annotations.Nullable;

/** Two ends that are connected, each on a device and an event channel of its own. */
final class Pair implements AutoCloseable {
    static final InetAddress HOST = InetAddress.ofLiteral("10.0.0.1");
    static final InetAddress TARGET = InetAddress.ofLiteral("10.0.0.2");
    static final int PORT = 4420;

    final ConnectionManager cm;
    final RdmaEventChannel hostEvents;
    final RdmaEventChannel targetEvents;
    final RdmaCmId listener;
    final End host;
    final End target;

    /** How the ends are made and connected. */
    record Shape(
            End.Shape host, End.Shape target, ConnectParameters connect, ConnectParameters accept) {
        static Shape usual() {
            return of(End.Shape.USUAL, End.Shape.USUAL);
        }

        static Shape of(End.Shape host, End.Shape target) {
            return new Shape(host, target, depths(), depths());
        }

        static ConnectParameters depths() {
            return new ConnectParameters()
                    .initiatorDepth(8)
                    .responderResources(8)
                    .retries(7)
                    .receiverNotReadyRetries(7);
        }
    }

    Pair(SoftwareFabric fabric) throws IOException {
        this(fabric, Shape.usual());
    }

    Pair(SoftwareFabric fabric, Shape shape) throws IOException {
        this(fabric, shape, TARGET);
    }

    Pair(SoftwareFabric fabric, Shape shape, InetAddress address) throws IOException {
        VerbsProvider provider = fabric.provider();
        cm = provider.openCm();
        hostEvents = cm.createEventChannel();
        targetEvents = cm.createEventChannel();
        listener = listen(cm, targetEvents, address);
        RdmaCmId id = resolve(cm, hostEvents, HOST, address);
        host = new End(provider, id, shape.host);
        cm.connect(id, shape.connect);
        CmEvent request = expect(cm, targetEvents, EventType.RDMA_CM_EVENT_CONNECT_REQUEST);
        target = new End(provider, request.id(), shape.target);
        cm.accept(request.id(), shape.accept);
        CmEvent _ = expect(cm, hostEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
        CmEvent _ = expect(cm, targetEvents, EventType.RDMA_CM_EVENT_ESTABLISHED);
    }

    static SoftwareFabric fabric() {
        return new SoftwareFabric(1).addDevice("soft0", HOST).addDevice("soft1", TARGET);
    }

    static RdmaCmId listen(ConnectionManager cm, RdmaEventChannel events, InetAddress address)
            throws IOException {
        RdmaCmId listener = cm.createId(events, RdmaCm.RDMA_PS_TCP);
        cm.bindAddr(listener, new InetSocketAddress(address, PORT));
        cm.listen(listener, 16);
        return listener;
    }

    /** An identifier that may connect. */
    static RdmaCmId resolve(
            ConnectionManager cm,
            RdmaEventChannel events,
            @Nullable InetAddress from,
            InetAddress to)
            throws IOException {
        RdmaCmId id = cm.createId(events, RdmaCm.RDMA_PS_TCP);
        cm.resolveAddr(
                id,
                from == null ? null : new InetSocketAddress(from, 0),
                new InetSocketAddress(to, PORT),
                1000);
        CmEvent _ = expect(cm, events, EventType.RDMA_CM_EVENT_ADDR_RESOLVED);
        cm.resolveRoute(id, 1000);
        CmEvent _ = expect(cm, events, EventType.RDMA_CM_EVENT_ROUTE_RESOLVED);
        return id;
    }

    /** The next event, which is of that type; acknowledged. */
    static CmEvent expect(ConnectionManager cm, RdmaEventChannel events, EventType type)
            throws IOException {
        CmEvent event = Objects.requireNonNull(cm.getCmEvent(events, 20_000));
        int _ = cm.ackCmEvent(event);
        assertThat(event.type()).isEqualTo(type);
        return event;
    }

    void closeEnds() throws IOException {
        host.close();
        target.close();
    }

    void closeChannels() throws IOException {
        int _ = cm.destroyEventChannel(hostEvents);
        int _ = cm.destroyEventChannel(targetEvents);
    }

    @Override
    public void close() throws IOException {
        closeEnds();
        int _ = cm.destroyCmId(listener);
        closeChannels();
    }
}
