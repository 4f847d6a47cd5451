package org.jnvmet.target.command;

import org.jnvmet.target.Controller;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Registers;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.Properties;
import org.jnvmet.wire.fabrics.PropertyCommand;
import org.jspecify.annotations.Nullable;

/** Fabrics commands (NVMe over Fabrics, Fabrics Commands). Owned by the queue's loop. */
public final class FabricsCommands {
    /** Offset of Disconnect's record format, 2 bytes. */
    private static final int DISCONNECT_RECFMT = Sqe.CDW10;

    private static final Command CONNECT = new Connect();

    private FabricsCommands() {}

    /** Parses a command with the Fabrics opcode; false: it failed. */
    public static boolean parse(Request request) {
        Queue queue = request.queue();
        Controller controller = queue.controller();
        int type = request.sqe().fabricsType();
        if (type == FabricsType.CONNECT) {
            return controller == null
                    ? request.accept(CONNECT, Direction.HOST_TO_CONTROLLER, ConnectData.BYTES)
                    : request.refuse(Status.CONNECT_CONTROLLER_BUSY, Sqe.FCTYPE);
        }
        if (controller == null) {
            return request.refuse(Status.COMMAND_SEQUENCE_ERROR, Sqe.OPCODE);
        }
        return switch (type) {
            case FabricsType.PROPERTY_GET -> parseGet(request, queue.id());
            case FabricsType.PROPERTY_SET -> parseSet(request, queue.id());
            case FabricsType.DISCONNECT -> parseDisconnect(request, queue.id());
            default -> request.refuse(Status.INVALID_OPCODE, Sqe.FCTYPE);
        };
    }

    /** The controller of a request on a connected queue. */
    static Controller controller(Request request) {
        @Nullable Controller controller = request.queue().controller();
        if (controller == null) {
            throw new IllegalStateException("the queue is not connected");
        }
        return controller;
    }

    private static boolean parseGet(Request request, int queueId) {
        if (queueId != 0) {
            return request.refuse(Status.INVALID_OPCODE, Sqe.FCTYPE);
        }
        int bytes =
                switch (PropertyCommand.offset(request.sqe())) {
                    case Properties.CAP -> 8;
                    case Properties.VS, Properties.CC, Properties.CSTS, Properties.CRTO -> 4;
                    default -> 0;
                };
        if (bytes == 0) {
            return request.refuse(Status.INVALID_FIELD, PropertyCommand.OFST);
        }
        if (bytes != PropertyCommand.bytes(request.sqe())) {
            return request.refuse(Status.INVALID_FIELD, PropertyCommand.ATTRIB);
        }
        return request.accept(FabricsCommands::get, Direction.NONE, 0);
    }

    private static void get(Request request) {
        Controller controller = controller(request);
        Registers registers = controller.registers();
        request.complete(
                switch (PropertyCommand.offset(request.sqe())) {
                    case Properties.CAP -> registers.capabilities();
                    case Properties.VS -> controller.subsystem().version();
                    case Properties.CC -> Integer.toUnsignedLong(registers.configuration());
                    case Properties.CSTS -> registers.status();
                    default -> registers.readyTimeouts();
                });
    }

    private static boolean parseSet(Request request, int queueId) {
        if (queueId != 0) {
            return request.refuse(Status.INVALID_OPCODE, Sqe.FCTYPE);
        }
        if (PropertyCommand.offset(request.sqe()) != Properties.CC) {
            return request.refuse(Status.INVALID_FIELD, PropertyCommand.OFST);
        }
        if (PropertyCommand.bytes(request.sqe()) != 4) {
            return request.refuse(Status.INVALID_FIELD, PropertyCommand.ATTRIB);
        }
        return request.accept(FabricsCommands::set, Direction.NONE, 0);
    }

    private static void set(Request request) {
        int value = (int) PropertyCommand.value(request.sqe());
        controller(request).registers().configure(value);
        request.complete(0);
    }

    private static boolean parseDisconnect(Request request, int queueId) {
        if (queueId == 0) {
            return request.refuse(Status.CONNECT_INVALID_QUEUE_TYPE, Sqe.FCTYPE);
        }
        if (request.sqe().u16(DISCONNECT_RECFMT) != 0) {
            return request.refuse(Status.INCOMPATIBLE_FORMAT, DISCONNECT_RECFMT);
        }
        return request.accept(FabricsCommands::disconnect, Direction.NONE, 0);
    }

    private static void disconnect(Request request) {
        Queue queue = request.queue();
        queue.leave();
        request.complete(0);
    }
}
