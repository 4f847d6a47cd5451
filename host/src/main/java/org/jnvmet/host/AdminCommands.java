package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.UUID;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.FeatureCommand;
import org.jnvmet.wire.admin.HostBehavior;
import org.jnvmet.wire.admin.IdentifyCommand;
import org.jnvmet.wire.admin.LogPageCommand;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.PropertyCommand;

/** Makes admin and Fabrics commands. Any field can still be changed through {@link HostCommand#sqe}. */
public final class AdminCommands {
    private AdminCommands() {}

    /** Connect of the queue, as the controller {@code controllerId} of the subsystem. */
    public static HostCommand connect(
            ConnectOptions options, QueueOptions queue, int controllerId) {
        MemorySegment data = MemorySegment.ofArray(new byte[ConnectData.BYTES]);
        new ConnectData()
                .wrap(data, 0)
                .uuid(ConnectData.HOSTID, options.hostId())
                .set(ConnectData.CNTLID, controllerId)
                .names(options.subsystemNqn(), options.hostNqn());
        HostCommand command = HostCommand.fabrics(FabricsType.CONNECT).send(data);
        command.sqe()
                .u16(ConnectCommand.QID, queue.queueId())
                .u16(ConnectCommand.SQSIZE, queue.entries() - 1)
                .u8(
                        ConnectCommand.CATTR,
                        queue.flowControl() ? 0 : ConnectCommand.DISABLE_SQ_FLOW_CONTROL)
                .u32(ConnectCommand.KATO, queue.queueId() == 0 ? options.keepAliveMs() : 0);
        return command;
    }

    /** Property Get of 4 or 8 bytes. */
    public static HostCommand propertyGet(int offset, int bytes) {
        HostCommand command = HostCommand.fabrics(FabricsType.PROPERTY_GET);
        PropertyCommand.set(command.sqe(), offset, bytes);
        return command;
    }

    /** Property Set of 4 bytes. */
    public static HostCommand propertySet(int offset, long value) {
        HostCommand command = HostCommand.fabrics(FabricsType.PROPERTY_SET);
        PropertyCommand.set(command.sqe(), offset, 4).u64(PropertyCommand.VALUE, value);
        return command;
    }

    /** Identify; {@code cns} as in {@link org.jnvmet.wire.admin.Cns}. */
    public static HostCommand identify(int cns, int nsid, int commandSet) {
        HostCommand command =
                HostCommand.admin(AdminOpcode.IDENTIFY)
                        .namespace(nsid)
                        .receive(IdentifyCommand.DATA_BYTES);
        command.sqe().u8(IdentifyCommand.CNS, cns).u8(IdentifyCommand.CSI, commandSet);
        return command;
    }

    /** Get Log Page for all namespaces; {@code bytes} and {@code offset} are multiples of 4. */
    public static HostCommand getLogPage(int logId, boolean retainEvent, int bytes, long offset) {
        HostCommand command =
                HostCommand.admin(AdminOpcode.GET_LOG_PAGE).namespace(0xffff_ffff).receive(bytes);
        LogPageCommand.set(command.sqe(), logId, retainEvent, bytes, offset);
        return command;
    }

    /** Get Features; {@code select} as in {@link FeatureCommand}. */
    public static HostCommand getFeature(int featureId, int select) {
        HostCommand command = HostCommand.admin(AdminOpcode.GET_FEATURES);
        command.sqe().u8(FeatureCommand.FID, featureId).u8(FeatureCommand.SEL, select);
        return command;
    }

    /** Set Features with a value of one dword. */
    public static HostCommand setFeature(int featureId, int value) {
        return HostCommand.admin(AdminOpcode.SET_FEATURES)
                .dword(Sqe.CDW10, featureId)
                .dword(Sqe.CDW11, value);
    }

    /** Set Features: the host uses source ranges of these formats, as bits of {@link HostBehavior#CDFE}. */
    public static HostCommand enableCopyFormats(int formats) {
        MemorySegment data = MemorySegment.ofArray(new byte[HostBehavior.BYTES]);
        new HostBehavior().wrap(data, 0).set(HostBehavior.CDFE, formats);
        return setFeature(Feature.HOST_BEHAVIOR, 0).send(data);
    }

    /** Abort of the command {@code commandId} on the queue {@code queueId}. */
    public static HostCommand abort(int queueId, int commandId) {
        return HostCommand.admin(AdminOpcode.ABORT).dword(Sqe.CDW10, queueId | commandId << 16);
    }

    public static HostCommand keepAlive() {
        return HostCommand.admin(AdminOpcode.KEEP_ALIVE);
    }

    public static HostCommand asyncEventRequest() {
        return HostCommand.admin(AdminOpcode.ASYNC_EVENT_REQUEST);
    }

    /** A random host identifier; a real host keeps one for ever. */
    static UUID newHostId() {
        return UUID.randomUUID();
    }
}
