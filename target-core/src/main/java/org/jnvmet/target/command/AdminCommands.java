package org.jnvmet.target.command;

import org.jnvmet.target.Controller;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;

/** Admin commands of I/O controllers (Base, Admin Command Set). Owned by the admin queue's loop. */
public final class AdminCommands {
    private AdminCommands() {}

    /** Parses a command of an enabled I/O controller; false: it failed. */
    public static boolean parse(Request request, Controller controller) {
        return switch (request.sqe().opcode()) {
            case AdminOpcode.IDENTIFY -> IdentifyCommands.parse(request, controller);
            case AdminOpcode.GET_LOG_PAGE -> LogPages.parse(request, controller);
            case AdminOpcode.GET_FEATURES -> FeatureCommands.parseGet(request, controller);
            case AdminOpcode.SET_FEATURES -> FeatureCommands.parseSet(request, controller);
            default -> parseWithoutData(request);
        };
    }

    /** Commands that move no data and that discovery controllers have, too. */
    static boolean parseWithoutData(Request request) {
        return switch (request.sqe().opcode()) {
            case AdminOpcode.ABORT -> AbortCommand.parse(request);
            case AdminOpcode.ASYNC_EVENT_REQUEST ->
                    request.accept(AdminCommands::awaitEvent, Direction.NONE, 0);
            case AdminOpcode.KEEP_ALIVE ->
                    request.accept(AdminCommands::keepAlive, Direction.NONE, 0);
            default -> request.refuse(Status.INVALID_OPCODE, Sqe.OPCODE);
        };
    }

    private static void awaitEvent(Request request) {
        if (!FabricsCommands.controller(request).events().offer(request)) {
            request.fail(Status.ASYNC_EVENT_LIMIT_EXCEEDED, Sqe.OPCODE);
        }
    }

    /** Like every command it has been noted as a sign of life when it arrived. */
    private static void keepAlive(Request request) {
        request.complete(0);
    }
}
