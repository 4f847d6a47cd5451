package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvQP;
import com.ibm.disni.verbs.IbvQPInitAttr;
import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.SocketAddress;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.linux.Native.CompletionQueue;
import org.jnvmet.verbs.linux.Native.Domain;
import org.jnvmet.verbs.linux.Native.EventChannel;
import org.jnvmet.verbs.linux.Native.Identifier;
import org.jnvmet.verbs.linux.Native.QueuePair;
import org.jspecify.annotations.Nullable;

/** The connection manager over librdmacm. */
final class LinuxConnectionManager extends ConnectionManager {
    private static final int OPTION_ID = 0;
    private static final int OPTION_REUSE_ADDRESS = 1;
    private static final int OPTION_ADDRESS_FAMILY_ONLY = 2;
    private static final int SOCKADDR_BYTES = 128;
    private static final long NO_CONTEXT = 0;

    private final LinuxVerbs provider;
    private final Librdmacm library;
    private final SelfCheck check;

    /** By the address of its structure. */
    private final Map<Long, Identifier> identifiers = new ConcurrentHashMap<>();

    /** Addresses of the structures of events that are not acknowledged. */
    private final Map<RdmaCmEvent, Long> unacknowledged = new ConcurrentHashMap<>();

    LinuxConnectionManager(LinuxVerbs provider) {
        this.provider = provider;
        library = provider.librdmacm();
        check = new SelfCheck(provider.machine());
    }

    private static Identifier identifier(RdmaCmId id) {
        return (Identifier) id;
    }

    private static long address(RdmaCmId id) {
        return identifier(id).pointer.get();
    }

    @Override
    public RdmaEventChannel createEventChannel() throws IOException {
        long channel =
                library.createEventChannel.checkPointer(library.createEventChannel.pointer());
        EventChannel made = provider.make(() -> new EventChannel(channel));
        Descriptors.doNotBlock(made.getFd());
        return made;
    }

    @Override
    public int destroyEventChannel(RdmaEventChannel channel) {
        library.destroyEventChannel.procedure(((EventChannel) channel).pointer.take());
        channel.close();
        return 0;
    }

    @Override
    public RdmaCmId createId(RdmaEventChannel channel, short portSpace) throws IOException {
        EventChannel own = (EventChannel) channel;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(Long.BYTES, Long.BYTES);
            library.createId.check(
                    library.createId.call(
                            own.pointer.get(), place.address(), NO_CONTEXT, portSpace));
            return adopt(own, Abi.getLong(place.address(), 0));
        }
    }

    private Identifier adopt(EventChannel channel, long address) throws IOException {
        Identifier made = provider.make(() -> new Identifier(channel, address, provider.devices()));
        identifiers.put(address, made);
        return made;
    }

    @Override
    public int destroyCmId(RdmaCmId id) throws IOException {
        long address = address(id);
        identifier(id).pointer.destroy(library.destroyId);
        // Only now: events of it that others have not acknowledged yet have held up the
        // destruction. And only
        // this one: its memory may be another's by now.
        identifiers.remove(address, identifier(id));
        id.close();
        return 0;
    }

    @Override
    public int destroyEp(RdmaCmId id) throws IOException {
        destroyQP(id);
        return destroyCmId(id);
    }

    @Override
    public void reuseAddress(RdmaCmId id) throws IOException {
        setOption(id, OPTION_REUSE_ADDRESS);
    }

    @Override
    public void onlyItsFamily(RdmaCmId id) throws IOException {
        setOption(id, OPTION_ADDRESS_FAMILY_ONLY);
    }

    private void setOption(RdmaCmId id, int option) throws VerbsException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment on = arena.allocateFrom(JAVA_INT, 1);
            library.setOption.check(
                    library.setOption.call(
                            address(id), OPTION_ID, option, on.address(), Integer.BYTES));
        }
    }

    @Override
    public void bindAddr(RdmaCmId id, SocketAddress address) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long structure = SocketAddresses.toNative(arena, address).address();
            library.bindAddr.check(library.bindAddr.call(address(id), structure), " to " + address);
        }
    }

    @Override
    public void listen(RdmaCmId id, int backlog) throws IOException {
        library.listen.check(library.listen.call(address(id), backlog));
    }

    @Override
    public void resolveAddr(
            RdmaCmId id, @Nullable SocketAddress source, SocketAddress destination, int timeoutMs)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long from = source == null ? 0 : SocketAddresses.toNative(arena, source).address();
            long to = SocketAddresses.toNative(arena, destination).address();
            library.resolveAddr.check(
                    library.resolveAddr.call(address(id), from, to, timeoutMs),
                    " of " + destination);
        }
    }

    @Override
    public void resolveRoute(RdmaCmId id, int timeoutMs) throws IOException {
        library.resolveRoute.check(library.resolveRoute.call(address(id), timeoutMs));
    }

    @Override
    public IbvQP createQP(RdmaCmId id, IbvPd domain, IbvQPInitAttr attributes) throws IOException {
        long identifier = address(id);
        long pd = ((Domain) domain).pointer.get();
        IbvCQ sendQueue = attributes.getSend_cq();
        IbvCQ receiveQueue = attributes.getRecv_cq();
        long sends = ((CompletionQueue) sendQueue).pointer.get();
        long receives = ((CompletionQueue) receiveQueue).pointer.get();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment structure = QueuePairs.toNative(arena, attributes, sends, receives);
            library.createQp.check(
                    library.createQp.call(identifier, pd, structure.address()),
                    QueuePairs.describe(attributes));
            QueuePairs.takeCapacities(structure, attributes);
        }
        long made = Abi.getLong(identifier, Abi.CM_ID_QP);
        check.queuePair(made, ((LinuxDevice) id.getVerbs()).context(), pd, sends, receives);
        QueuePair queuePair =
                provider.make(() ->
                        new QueuePair(
                                (LinuxDevice) id.getVerbs(),
                                domain,
                                sendQueue,
                                receiveQueue,
                                made));
        identifier(id).queuePair(queuePair);
        return queuePair;
    }

    /** Nothing happens if there is none. */
    @Override
    public int destroyQP(RdmaCmId id) {
        QueuePair queuePair = identifier(id).takeQueuePair();
        if (queuePair != null) {
            long _ = queuePair.pointer.take();
            library.destroyQp.procedure(address(id));
            queuePair.close();
        }
        return 0;
    }

    @Override
    public void connect(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long structure = Parameters.toNative(arena, (ConnectParameters) parameters);
            library.connect.check(library.connect.call(address(id), structure));
        }
    }

    @Override
    public void accept(RdmaCmId id, RdmaConnParam parameters) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long structure = Parameters.toNative(arena, (ConnectParameters) parameters);
            library.accept.check(library.accept.call(address(id), structure));
        }
    }

    @Override
    public void reject(RdmaCmId id, byte[] privateData) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            long data = Parameters.privateData(arena, privateData);
            library.reject.check(library.reject.call(address(id), data, (byte) privateData.length));
        }
    }

    @Override
    public int disconnect(RdmaCmId id) throws IOException {
        library.disconnect.check(library.disconnect.call(address(id)));
        return 0;
    }

    @Override
    public @Nullable SocketAddress getSrcAddr(RdmaCmId id) {
        return socketAddress(id, Abi.CM_ID_SRC_ADDR);
    }

    @Override
    public @Nullable SocketAddress getDstAddr(RdmaCmId id) {
        return socketAddress(id, Abi.CM_ID_DST_ADDR);
    }

    private static @Nullable SocketAddress socketAddress(RdmaCmId id, int field) {
        return SocketAddresses.fromNative(Abi.slice(address(id), field, SOCKADDR_BYTES));
    }

    @Override
    public @Nullable CmEvent getCmEvent(RdmaEventChannel channel, int timeoutMs)
            throws IOException {
        EventChannel own = (EventChannel) channel;
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(timeoutMs);
        int left = timeoutMs;
        while (true) {
            CmEvent event = take(own);
            if (event != null || timeoutMs == 0 || !Descriptors.await(own.getFd(), left)) {
                return event;
            }
            if (timeoutMs > 0) { // readable, perhaps by an event that librdmacm keeps to itself
                left = (int) Math.max(0, TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime()));
            }
        }
    }

    /** The event that there is now, without waiting. */
    private @Nullable CmEvent take(EventChannel channel) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(Long.BYTES, Long.BYTES);
            while (true) {
                int answer = library.getCmEvent.call(channel.pointer.get(), place.address());
                if (answer != 0 && NativeFunction.errno() == Errno.EAGAIN.number()) {
                    return null;
                }
                library.getCmEvent.check(answer);
                CmEvent event = toJava(channel, Abi.getLong(place.address(), 0));
                if (event != null) {
                    return event;
                }
            }
        }
    }

    /** Null, and acknowledged, when it is of a type that came with a later release. */
    private @Nullable CmEvent toJava(EventChannel channel, long event) throws IOException {
        int type = Abi.getInt(event, Abi.CM_EVENT_EVENT);
        EventType[] types = EventType.values();
        long id = Abi.getLong(event, Abi.CM_EVENT_ID);
        if (type < 0 || type >= types.length) {
            library.ackCmEvent.check(library.ackCmEvent.call(event));
            return null;
        }
        boolean request = types[type] == EventType.RDMA_CM_EVENT_CONNECT_REQUEST;
        long listening = Abi.getLong(event, Abi.CM_EVENT_LISTEN_ID);
        Identifier listener = request ? identifiers.get(listening) : null;
        Identifier concerned = request ? adopt(channel, id) : known(id);
        if (types[type] == EventType.RDMA_CM_EVENT_DEVICE_REMOVAL) {
            concerned.deviceRemoved();
        }
        ConnectParameters parameters = Parameters.toJava(event + Abi.CM_EVENT_PARAM);
        CmEvent made =
                provider.make(() ->
                        new CmEvent(
                                types[type],
                                Abi.getInt(event, Abi.CM_EVENT_STATUS),
                                concerned,
                                listener,
                                parameters));
        unacknowledged.put(made, event);
        return made;
    }

    private Identifier known(long id) {
        return Objects.requireNonNull(identifiers.get(id), "an event of an unknown rdma_cm_id");
    }

    @Override
    public int ackCmEvent(RdmaCmEvent event) {
        Long address = unacknowledged.remove(event);
        return address == null ? 0 : library.ackCmEvent.call(address);
    }
}
