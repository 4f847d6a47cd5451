package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

/**
 * A controller written out for the host's tests: it answers what its fields say, in the submitter's
 * thread, and keeps a transcript. It knows nothing of the product's target.
 */
final class HandmadeController implements HostTransport {
    static final String NQN = "nqn.2014-08.org.nvmexpress:sub";

    final List<String> transcript = Collections.synchronizedList(new ArrayList<>());
    final List<HostRequest> eventRequests = Collections.synchronizedList(new ArrayList<>());
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
    int grantedQueues = 4;
    boolean becomesReady = true;
    int keepAliveStatus;

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
    public HostQueueChannel open(QueueOptions options) {
        transcript.add(
                "open %d: %d entries, %d in capsule"
                        .formatted(options.queueId(), options.entries(), options.inCapsuleBytes()));
        return new Channel(options);
    }

    private final class Channel implements HostQueueChannel {
        private final QueueOptions options;

        Channel(QueueOptions options) {
            this.options = options;
        }

        @Override
        public void submit(HostRequest request) {
            Sqe sqe = request.sqe();
            if (sqe.opcode() == AdminOpcode.FABRICS) {
                fabrics(request, sqe);
            } else if (options.queueId() == 0) {
                admin(request, sqe);
            } else {
                transcript.add(request.name());
                request.complete(0, 0, 0, options.queueId());
            }
        }

        private void fabrics(HostRequest request, Sqe sqe) {
            int type = sqe.fabricsType();
            if (type == FabricsType.CONNECT) {
                transcript.add(
                        "Connect %d: %d entries, controller %x, kato %d"
                                .formatted(
                                        ConnectCommand.queueId(sqe),
                                        ConnectCommand.entries(sqe),
                                        request.dataOut().get(Le.U16, 16) & 0xffff,
                                        ConnectCommand.keepAliveMs(sqe)));
                request.complete(0, connectResult, 0, options.queueId());
            } else if (type == FabricsType.PROPERTY_GET) {
                int offset = PropertyCommand.offset(sqe);
                transcript.add("get %x".formatted(offset));
                request.complete(0, property(offset), 0, 0);
            } else {
                configuration = PropertyCommand.value(sqe);
                transcript.add("set %x = %x".formatted(PropertyCommand.offset(sqe), configuration));
                request.complete(0, 0, 0, 0);
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
            switch (sqe.opcode()) {
                case AdminOpcode.IDENTIFY -> identify(request, sqe);
                case AdminOpcode.SET_FEATURES -> {
                    transcript.add("set feature %x = %x".formatted(sqe.cdw10(), sqe.cdw11()));
                    int granted = Feature.queueCounts(grantedQueues, grantedQueues);
                    request.complete(0, granted, 0, 0);
                }
                case AdminOpcode.ASYNC_EVENT_REQUEST -> {
                    transcript.add(request.name());
                    eventRequests.add(request);
                }
                case AdminOpcode.GET_LOG_PAGE -> logPage(request, sqe);
                case AdminOpcode.KEEP_ALIVE -> {
                    transcript.add(request.name());
                    request.complete(keepAliveStatus, 0, 0, 0);
                }
                default -> request.complete(Status.INVALID_OPCODE.field(), 0, 0, 0);
            }
        }

        private void identify(HostRequest request, Sqe sqe) {
            int cns = IdentifyCommand.cns(sqe);
            transcript.add("identify %x, namespace %x".formatted(cns, sqe.namespaceId()));
            byte[] namespace = namespaces.get(sqe.namespaceId());
            if (cns == Cns.CONTROLLER) {
                request.dataIn().copyFrom(identityBytes);
                request.complete(0, 0, 0, 0);
            } else if (cns == Cns.NAMESPACE && namespace != null) {
                request.dataIn().copyFrom(MemorySegment.ofArray(namespace));
                request.complete(0, 0, 0, 0);
            } else {
                request.complete(Status.INVALID_NAMESPACE.field(), 0, 0, 0);
            }
        }

        /** Serves the first of {@link #logs}; a read of the header at offset 0 moves to the next. */
        private void logPage(HostRequest request, Sqe sqe) {
            long offset = LogPageCommand.offset(sqe);
            int length = (int) LogPageCommand.lengthBytes(sqe);
            transcript.add("log %x, %d at %d".formatted(LogPageCommand.logId(sqe), length, offset));
            byte[] log = logs.size() > 1 && offset == 0 ? logs.removeFirst() : logs.getFirst();
            MemorySegment.copy(MemorySegment.ofArray(log), offset, request.dataIn(), 0, length);
            request.complete(0, 0, 0, 0);
        }

        @Override
        public void close() {
            transcript.add("close %d".formatted(options.queueId()));
        }
    }
}
