package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.IdentifyCommand;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.LogPageCommand;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.Properties;
import org.jnvmet.wire.fabrics.PropertyCommand;
import org.jspecify.annotations.Nullable;

/**
 * A controller written out for the host's tests, and the transport that leads to it: it answers what
 * its fields say, in the submitter's thread, and keeps a transcript. It knows nothing of the product's
 * target.
 */
final class HandmadeController implements HostTransport, Route, ControllerLink {
    static final String NQN = "nqn.2014-08.org.nvmexpress:sub";

    final List<String> transcript = new CopyOnWriteArrayList<>();
    final List<Pending> eventRequests = Collections.synchronizedList(new ArrayList<>());

    /** Commands of I/O queues that were not answered, while {@link #holdsIo}. */
    final List<Pending> held = Collections.synchronizedList(new ArrayList<>());

    /** A request that waits for its completion. */
    record Pending(HostRequest request, QueueEvents events) {
        void complete(int status, long result) {
            events.done(request, result, status);
        }
    }

    private final MemorySegment identityBytes = MemorySegment.ofArray(new byte[4096]);
    final IdentifyController identity = new IdentifyController().wrap(identityBytes, 0);
    final Map<Integer, byte[]> namespaces = new HashMap<>();
    final ArrayDeque<byte[]> logs = new ArrayDeque<>();
    long capabilities =
            Properties.CAP_MQES.put(63)
                    | Properties.CAP_TO.put(1)
                    | Properties.CAP_CSS_NVM.put(1)
                    | Properties.CAP_CSS_IOCSS.put(1);
    int connectResult = 7;
    int connectStatus;
    int ioConnectStatus;

    /** Names of admin commands that are never answered. */
    final Set<String> forgets = new HashSet<>();

    int grantedQueues = 4;
    boolean becomesReady = true;
    int keepAliveStatus;
    boolean holdsIo;
    int vectors = 1 << 16;

    /** Why no queue can be opened, if none can. */
    @Nullable String unreachable;

    /** What happens while an I/O queue is opened. */
    Runnable opening = () -> {};

    private long configuration;

    HandmadeController() {
        identity.set(IdentifyController.CNTLID, 7)
                .set(IdentifyController.CNTRLTYPE, 1)
                .set(IdentifyController.KAS, 10)
                .set(IdentifyController.IOCCSZ, (64 + 8192) / 16)
                .set(IdentifyController.IORCSZ, 1)
                .set(IdentifyController.SGLS, 0x100001)
                .set(IdentifyController.OAES, 0x80000900L | 0x10)
                .set(IdentifyController.SUBNQN, NQN);
    }

    @Override
    public String name() {
        return "handmade";
    }

    @Override
    public Route route(ConnectOptions options) {
        return this;
    }

    @Override
    public int maxTransferBytes() {
        return 1 << 20;
    }

    @Override
    public int maxSegments() {
        return 2;
    }

    @Override
    public int vectors() {
        return vectors;
    }

    @Override
    public ControllerLink setUpController() {
        transcript.add("set up");
        return this;
    }

    @Override
    public void release() {
        transcript.add("release");
    }

    @Override
    public void close() {}

    @Override
    public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
        if (unreachable != null) {
            throw new HostException(unreachable);
        }
        if (options.queueId() > 0) {
            opening.run();
        }
        transcript.add(
                "create %d: %d entries, %d in capsule"
                        .formatted(options.queueId(), options.entries(), options.inCapsuleBytes()));
        return new Channel(options, events);
    }

    /** One queue; also for transports that only borrow the controller's answers. */
    final class Channel implements QueueChannel {
        private final QueueOptions options;
        private final QueueEvents events;

        Channel(QueueOptions options, QueueEvents events) {
            this.options = options;
            this.events = events;
        }

        @Override
        public void send(HostRequest request) {
            Sqe sqe = request.sqe();
            if (sqe.opcode() == AdminOpcode.FABRICS) {
                fabrics(request, sqe);
            } else if (options.queueId() == 0) {
                admin(request, sqe);
            } else if (holdsIo) {
                held.add(new Pending(request, events));
            } else {
                transcript.add(request.name());
                done(request, 0, 0);
            }
        }

        private void done(HostRequest request, int status, long result) {
            events.done(request, result, status);
        }

        @Override
        public int poll() {
            return 0;
        }

        @Override
        public void drain() {
            transcript.add("drain %d".formatted(options.queueId()));
        }

        @Override
        public void destroy() {
            transcript.add("destroy %d".formatted(options.queueId()));
        }

        private void fabrics(HostRequest request, Sqe sqe) {
            int type = sqe.fabricsType();
            if (type == FabricsType.CONNECT) {
                transcript.add(
                        "Connect %d: %d entries, controller %x, kato %d"
                                .formatted(
                                        ConnectCommand.queueId(sqe),
                                        ConnectCommand.entries(sqe),
                                        request.data().segment(0).get(Le.U16, 16) & 0xffff,
                                        ConnectCommand.keepAliveMs(sqe)));
                done(
                        request,
                        options.queueId() == 0 ? connectStatus : ioConnectStatus,
                        connectResult);
            } else if (type == FabricsType.PROPERTY_GET) {
                int offset = PropertyCommand.offset(sqe);
                transcript.add("get %x".formatted(offset));
                done(request, 0, property(offset));
            } else {
                configuration = PropertyCommand.value(sqe);
                transcript.add("set %x = %x".formatted(PropertyCommand.offset(sqe), configuration));
                if (!forgets.contains(request.name())) {
                    done(request, 0, 0);
                }
            }
        }

        private long property(int offset) {
            if (offset == Properties.CAP) {
                return capabilities;
            }
            if (offset == Properties.CRTO) {
                return 1;
            }
            long shutdown = Properties.CC_SHN.isSet(configuration) ? Properties.SHST_COMPLETE : 0;
            long ready = becomesReady ? Properties.CC_EN.of(configuration) : 0;
            return ready | Properties.CSTS_SHST.put(shutdown);
        }

        private void admin(HostRequest request, Sqe sqe) {
            if (forgets.contains(request.name())) {
                return;
            }
            switch (sqe.opcode()) {
                case AdminOpcode.IDENTIFY -> identify(request, sqe);
                case AdminOpcode.SET_FEATURES -> {
                    transcript.add("set feature %x = %x".formatted(sqe.cdw10(), sqe.cdw11()));
                    int granted = Feature.queueCounts(grantedQueues, grantedQueues);
                    done(request, 0, granted);
                }
                case AdminOpcode.ASYNC_EVENT_REQUEST -> {
                    transcript.add(request.name());
                    eventRequests.add(new Pending(request, events));
                }
                case AdminOpcode.GET_LOG_PAGE -> logPage(request, sqe);
                case AdminOpcode.KEEP_ALIVE -> {
                    transcript.add(request.name());
                    done(request, keepAliveStatus, 0);
                }
                case AdminOpcode.ABORT -> {
                    transcript.add(
                            "Abort %d %d".formatted(sqe.cdw10() & 0xffff, sqe.cdw10() >>> 16));
                    done(request, 0, 1);
                }
                default -> done(request, Status.INVALID_OPCODE.field(), 0);
            }
        }

        private void identify(HostRequest request, Sqe sqe) {
            int cns = IdentifyCommand.cns(sqe);
            transcript.add("identify %x, namespace %x".formatted(cns, sqe.namespaceId()));
            byte[] namespace = namespaces.get(sqe.namespaceId());
            if (cns == Cns.CONTROLLER) {
                request.data().segment(0).copyFrom(identityBytes);
                done(request, 0, 0);
            } else if (cns == Cns.NAMESPACE && namespace != null) {
                request.data().segment(0).copyFrom(MemorySegment.ofArray(namespace));
                done(request, 0, 0);
            } else {
                done(request, Status.INVALID_NAMESPACE.field(), 0);
            }
        }

        /** Serves the first of {@link #logs}; a read of the header at offset 0 moves to the next. */
        private void logPage(HostRequest request, Sqe sqe) {
            long offset = LogPageCommand.offset(sqe);
            int length = (int) LogPageCommand.lengthBytes(sqe);
            transcript.add("log %x, %d at %d".formatted(LogPageCommand.logId(sqe), length, offset));
            byte[] log = logs.size() > 1 && offset == 0 ? logs.removeFirst() : logs.getFirst();
            MemorySegment.copy(
                    MemorySegment.ofArray(log), offset, request.data().segment(0), 0, length);
            done(request, 0, 0);
        }
    }
}
