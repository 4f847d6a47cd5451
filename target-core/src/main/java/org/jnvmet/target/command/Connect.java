package org.jnvmet.target.command;

import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Controller;
import org.jnvmet.target.HostIdentity;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connect (NVMe over Fabrics, Connect Command): makes a connection the admin queue of a new controller,
 * or an I/O queue of an existing one. A refusal names the offending byte in dword 0.
 */
final class Connect implements Command {
    private static final Logger LOG = LoggerFactory.getLogger(Connect.class);
    private static final int ADMIN_QUEUE = 0;

    @Override
    public void execute(Request request) {
        DataBuffer buffer = request.dataBuffer();
        ConnectData data = new ConnectData().wrap(buffer.memory(), buffer.offset());
        if (ConnectCommand.recordFormat(request.sqe()) != 0) {
            refuse(request, Status.INCOMPATIBLE_FORMAT, ConnectCommand.RECFMT, 0);
        } else if (ConnectCommand.queueId(request.sqe()) == ADMIN_QUEUE) {
            connectAdmin(request, data);
        } else {
            connectIo(request, data);
        }
    }

    private static void connectAdmin(Request request, ConnectData data) {
        if (data.getInt(ConnectData.CNTLID) != ConnectData.DYNAMIC_CONTROLLER) {
            refuseData(request, ConnectData.CNTLID.offset());
            return;
        }
        Subsystem subsystem = subsystem(request, data);
        if (subsystem == null) {
            refuseSubsystem(request);
            return;
        }
        HostIdentity host = host(data);
        if (host == null) {
            refuseData(request, ConnectData.HOSTNQN.offset());
            return;
        }
        if (!subsystem.allows(host.nqn())) {
            LOG.warn("host {} is not allowed in {}", host.nqn(), subsystem);
            int offset = ConnectData.HOSTNQN.offset();
            refuse(
                    request,
                    Status.CONNECT_INVALID_HOST,
                    Sqe.SGL_ADDRESS,
                    ConnectCommand.invalidInData(offset));
            return;
        }
        // The admin queue is not bound by CAP.MQES, which speaks of I/O queues.
        if (!entriesWithin(request, Queue.MAX_ENTRIES)) {
            refuseEntry(request, ConnectCommand.SQSIZE);
            return;
        }
        admit(request, subsystem, host);
    }

    private static void admit(Request request, Subsystem subsystem, HostIdentity host) {
        Queue queue = request.queue();
        Controller controller;
        try {
            controller = Controller.admit(subsystem, host, queue);
        } catch (ConfigException e) {
            refuseSubsystem(request); // unlinked just now
            return;
        }
        if (controller == null) {
            LOG.warn("{} has no free controller identifier for {}", subsystem, host.nqn());
            refuse(request, Status.CONNECT_CONTROLLER_BUSY, Sqe.OPCODE, 0);
            return;
        }
        bind(request, controller, ADMIN_QUEUE);
        controller.start(ConnectCommand.keepAliveMs(request.sqe()));
        request.complete(controller.id());
    }

    private static void connectIo(Request request, ConnectData data) {
        Subsystem subsystem = subsystem(request, data);
        if (subsystem == null) {
            refuseSubsystem(request);
            return;
        }
        HostIdentity host = host(data);
        if (host == null) {
            refuseData(request, ConnectData.HOSTNQN.offset());
            return;
        }
        Controller controller = subsystem.controller(data.getInt(ConnectData.CNTLID));
        if (controller == null
                || controller.port() != request.queue().port()
                || !controller.hostNqn().equals(host.nqn())) {
            refuseData(request, ConnectData.CNTLID.offset());
            return;
        }
        if (!controller.host().id().equals(host.id())) {
            refuseData(request, ConnectData.HOSTID.offset());
            return;
        }
        int queueId = ConnectCommand.queueId(request.sqe());
        if (queueId > controller.maxQueueId() || !controller.ready()) {
            refuseEntry(request, ConnectCommand.QID);
            return;
        }
        if (!entriesWithin(request, controller.maxQueueEntries())) {
            refuseEntry(request, ConnectCommand.SQSIZE);
            return;
        }
        switch (controller.join(request.queue(), queueId)) {
            case JOINED -> {
                bind(request, controller, queueId);
                request.complete(controller.id());
            }
            case TAKEN -> refuse(request, Status.COMMAND_SEQUENCE_ERROR, ConnectCommand.QID, 0);
            case GONE -> refuseData(request, ConnectData.CNTLID.offset());
        }
    }

    private static void bind(Request request, Controller controller, int queueId) {
        Sqe sqe = request.sqe();
        request.queue()
                .bind(
                        controller,
                        queueId,
                        ConnectCommand.entries(sqe),
                        ConnectCommand.flowControlDisabled(sqe));
    }

    /** The subsystem if this port exports it. */
    private static @Nullable Subsystem subsystem(Request request, ConnectData data) {
        String nqn = data.subsystemNqn();
        Subsystem subsystem = nqn == null ? null : request.queue().target().subsystem(nqn);
        return subsystem != null && request.queue().port().exports(subsystem) ? subsystem : null;
    }

    private static @Nullable HostIdentity host(ConnectData data) {
        String nqn = data.hostNqn();
        return nqn == null ? null : new HostIdentity(nqn, data.uuid(ConnectData.HOSTID));
    }

    /** A queue has at least two entries: SQSIZE, 0's based, must not be 0. */
    private static boolean entriesWithin(Request request, int max) {
        int entries = ConnectCommand.entries(request.sqe());
        return entries >= 2 && entries <= max;
    }

    private static void refuseSubsystem(Request request) {
        if (request.queue().target().restoring()) {
            refuse(request, Status.CONNECT_CONTROLLER_BUSY, Sqe.SGL_ADDRESS, 0);
        } else {
            refuseData(request, ConnectData.SUBNQN.offset());
        }
    }

    private static void refuseEntry(Request request, int offset) {
        refuse(
                request,
                Status.CONNECT_INVALID_PARAMETERS,
                offset,
                ConnectCommand.invalidInEntry(offset));
    }

    private static void refuseData(Request request, int offset) {
        refuse(
                request,
                Status.CONNECT_INVALID_PARAMETERS,
                Sqe.SGL_ADDRESS,
                ConnectCommand.invalidInData(offset));
    }

    private static void refuse(Request request, Status status, int errorByte, int result) {
        LOG.info(
                "Connect from {} refused: {}, dword 0 {}",
                request.queue().channel().hostAddress(),
                status.meaning(),
                Integer.toHexString(result));
        request.fail(status, errorByte, result);
    }
}
