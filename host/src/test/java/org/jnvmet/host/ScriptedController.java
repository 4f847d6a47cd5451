package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.function.ToIntFunction;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyCommand;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.LogPageCommand;
import org.jnvmet.wire.admin.NamespaceDescriptors;
import org.jspecify.annotations.Nullable;

/**
 * One controller of a subsystem that several lead to, and the route to it: namespaces, ANA log and the
 * statuses of I/O commands are what the test says, the rest is {@link HandmadeController}'s. Answers come
 * in the submitter's thread, or when the test completes what is held.
 */
final class ScriptedController implements Route, ControllerLink {
    /** Instead of a status: the command is not answered until {@link Held#complete}. */
    static final int HOLD = -1;

    static final UUID DISK = new UUID(7, 7);
    private static final int GROUPS = 4;
    private static final int NAMESPACES = 8;

    final HandmadeController answers = new HandmadeController();
    final Map<Integer, Disk> namespaces = new ConcurrentHashMap<>();

    /** State of each ANA group; all namespaces are of group 1. */
    final Map<Integer, Integer> anaStates = new ConcurrentSkipListMap<>();

    final LinkedBlockingQueue<Held> held = new LinkedBlockingQueue<>();
    final AtomicInteger anaReads = new AtomicInteger();
    final AtomicInteger commands = new AtomicInteger();

    /** Status of each I/O command. */
    volatile ToIntFunction<HostRequest> io = _ -> 0;

    /** Status of Get Log Page for the ANA log. */
    volatile int anaLogStatus;

    /** Instead of the ANA log that {@link #anaStates} makes. */
    volatile byte @Nullable [] anaLog;

    /** Is told how often the ANA log was read, before it is. */
    volatile IntConsumer onAnaRead = _ -> {};

    volatile int maxTransferBytes = 1 << 20;
    volatile int maxSegments = 4;

    /** Why no queue can be opened, if none can. */
    volatile @Nullable String unreachable;

    private final List<Connection> open = new CopyOnWriteArrayList<>();
    private final AtomicInteger anaChanges = new AtomicInteger(1);

    /**
     * A namespace.
     *
     * @param identity Identify Namespace
     * @param uuid in its descriptor list
     */
    record Disk(MemorySegment identity, UUID uuid) {}

    /** An I/O command that was not answered. */
    static final class Held {
        private final Connection channel;
        private final HostRequest request;

        Held(Connection channel, HostRequest request) {
            this.channel = channel;
            this.request = request;
        }

        /** Answers it, if its queue still exists. */
        void complete(int status) {
            channel.done(request, status);
        }
    }

    ScriptedController(int id) {
        answers.connectResult = id;
        answers.identity
                .set(IdentifyController.CNTLID, id)
                .set(IdentifyController.CMIC, 0x0b)
                .set(IdentifyController.ANATT, 10)
                .set(IdentifyController.ANAGRPMAX, GROUPS)
                .set(IdentifyController.NANAGRPID, GROUPS)
                .set(IdentifyController.NN, NAMESPACES)
                .set(IdentifyController.MNAN, NAMESPACES);
        disk(1, 1024, 9, DISK);
        anaStates.put(1, AnaGroup.OPTIMIZED);
    }

    /** Puts a shared disk behind a namespace identifier. */
    void disk(int nsid, long blocks, int blockShift, UUID uuid) {
        disk(nsid, blocks, blockShift, uuid, 1);
    }

    /** Puts a disk behind a namespace identifier; {@code nmic} 0 for a private one. */
    void disk(int nsid, long blocks, int blockShift, UUID uuid, int nmic) {
        byte[] bytes = new byte[IdentifyNamespace.BYTES];
        new IdentifyNamespace()
                .wrap(MemorySegment.ofArray(bytes), 0)
                .set(IdentifyNamespace.NSZE, blocks)
                .set(IdentifyNamespace.NMIC, nmic)
                .set(IdentifyNamespace.ANAGRPID, 1)
                .set(IdentifyNamespace.LBAF0_LBADS, blockShift);
        namespaces.put(nsid, new Disk(MemorySegment.ofArray(bytes), uuid));
    }

    /** Sets the ANA state of all namespaces, without a word. */
    void anaState(int state) {
        anaStates.put(1, state);
        anaChanges.incrementAndGet();
    }

    /** Reports an event. */
    void event(int event) {
        answers.eventRequests.removeLast().complete(0, event);
    }

    /** Sets the ANA state of all namespaces and reports that. */
    void changeAnaState(int state) {
        anaState(state);
        event(AsyncEvent.ANA_CHANGE);
    }

    /** All connections fail, as if the cable was pulled. */
    void cut() {
        for (Connection channel : open) {
            channel.events.reportError(new HostException("the cable was pulled"));
        }
    }

    /** Holds all I/O commands from now on. */
    void hold() {
        io = _ -> HOLD;
    }

    /** Answers all that is held. */
    void release(int status) {
        for (Held next = held.poll(); next != null; next = held.poll()) {
            next.complete(status);
        }
    }

    /** Times that a queue was opened and not destroyed. */
    int openQueues() {
        return open.size();
    }

    @Override
    public int maxTransferBytes() {
        return maxTransferBytes;
    }

    @Override
    public int maxSegments() {
        return maxSegments;
    }

    @Override
    public int vectors() {
        return 16;
    }

    @Override
    public ControllerLink setUpController() {
        return this;
    }

    @Override
    public void release() {}

    @Override
    public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
        String why = unreachable;
        if (why != null) {
            throw new HostException(why);
        }
        Connection channel = new Connection(options, events);
        open.add(channel);
        return channel;
    }

    final class Connection implements QueueChannel {
        private final QueueOptions options;
        private final QueueEvents events;
        private final QueueChannel others;
        private final AtomicInteger inside = new AtomicInteger();
        private volatile boolean drained;

        Connection(QueueOptions options, QueueEvents events) {
            this.options = options;
            this.events = events;
            others = answers.new Channel(options, events);
        }

        @Override
        public void send(HostRequest request) {
            int opcode = request.sqe().opcode();
            if (drained) {
                return;
            }
            if (opcode == AdminOpcode.FABRICS) {
                others.send(request);
            } else if (options.queueId() != 0) {
                commands.incrementAndGet();
                int status = io.applyAsInt(request);
                if (status == HOLD) {
                    held.add(new Held(this, request));
                } else {
                    done(request, status);
                }
            } else if (opcode == AdminOpcode.IDENTIFY) {
                identify(request, IdentifyCommand.cns(request.sqe()));
            } else if (opcode == AdminOpcode.GET_LOG_PAGE) {
                log(request, request.sqe());
            } else {
                others.send(request);
            }
        }

        /** Nothing is told once {@link #drain} has returned. */
        void done(HostRequest request, int status) {
            inside.incrementAndGet();
            try {
                if (!drained) {
                    events.done(request, 0, status);
                }
            } finally {
                inside.decrementAndGet();
            }
        }

        private void identify(HostRequest request, int cns) {
            int nsid = request.sqe().namespaceId();
            Disk namespace = namespaces.get(nsid);
            if (cns != Cns.NAMESPACE && cns != Cns.NAMESPACE_DESCRIPTORS) {
                others.send(request);
            } else if (namespace == null) {
                done(request, Status.INVALID_NAMESPACE.field());
            } else {
                MemorySegment data = request.data().segment(0);
                if (cns == Cns.NAMESPACE) {
                    data.copyFrom(namespace.identity);
                } else {
                    new NamespaceDescriptors()
                            .wrap(data, 0)
                            .add(NamespaceDescriptors.UUID, bytes(namespace.uuid));
                }
                done(request, 0);
            }
        }

        private void log(HostRequest request, Sqe sqe) {
            if (LogPageCommand.logId(sqe) != LogPage.ANA) {
                done(request, 0);
                return;
            }
            onAnaRead.accept(anaReads.incrementAndGet());
            byte[] given = anaLog;
            byte[] page = given == null ? makeAnaLog() : given;
            int length = (int) LogPageCommand.lengthBytes(sqe);
            int from = (int) LogPageCommand.offset(sqe);
            byte[] part = Arrays.copyOfRange(page, from, from + length);
            request.data().segment(0).copyFrom(MemorySegment.ofArray(part));
            done(request, anaLogStatus);
        }

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public void drain() {
            drained = true;
            while (inside.get() > 0) {
                Thread.onSpinWait();
            }
        }

        @Override
        public void destroy() {
            open.remove(this);
        }
    }

    private static byte[] bytes(UUID uuid) {
        return ByteBuffer.allocate(16)
                .putLong(uuid.getMostSignificantBits())
                .putLong(uuid.getLeastSignificantBits())
                .array();
    }

    private byte[] makeAnaLog() {
        byte[] bytes = new byte[AnaLog.BYTES + GROUPS * AnaGroup.BYTES + NAMESPACES * 4];
        MemorySegment page = MemorySegment.ofArray(bytes);
        new AnaLog()
                .wrap(page, 0)
                .set(AnaLog.CHANGE_COUNT, anaChanges.get())
                .set(AnaLog.GROUPS, anaStates.size());
        long offset = AnaLog.BYTES;
        for (Map.Entry<Integer, Integer> state : anaStates.entrySet()) {
            new AnaGroup()
                    .wrap(page, offset)
                    .set(AnaGroup.GROUP_ID, state.getKey())
                    .set(AnaGroup.STATE, state.getValue());
            offset += AnaGroup.BYTES;
        }
        return bytes;
    }
}
