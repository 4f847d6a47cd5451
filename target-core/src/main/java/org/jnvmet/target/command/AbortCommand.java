package org.jnvmet.target.command;

import java.util.concurrent.RejectedExecutionException;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;

/**
 * Abort (Base, Abort command). Ends Asynchronous Event Requests, and commands that wait for a buffer or
 * for their data. A command that a backend runs is left alone, and reported as not aborted: its
 * completion follows anyway.
 */
final class AbortCommand {
    /** Offset of the submission queue identifier; the command identifier follows it. */
    private static final int SQID = Sqe.CDW10;

    private static final int CID = Sqe.CDW10 + 2;

    private static final long ABORTED = 0;
    private static final long NOT_ABORTED = 1;

    private AbortCommand() {}

    static boolean parse(Request request) {
        return request.accept(AbortCommand::execute, Direction.NONE, 0);
    }

    private static void execute(Request request) {
        Controller controller = FabricsCommands.controller(request);
        int queueId = request.sqe().u16(SQID);
        int commandId = request.sqe().u16(CID);
        Queue victim = controller.member(queueId);
        if (victim == null) {
            request.fail(Status.INVALID_FIELD, SQID);
        } else if (queueId == 0) {
            boolean aborted = controller.events().abort(commandId) || victim.abort(commandId);
            request.complete(aborted ? ABORTED : NOT_ABORTED);
        } else {
            abortElsewhere(request, victim, commandId);
        }
    }

    /** The owner of the victim's queue looks; the answer comes back as a message. */
    private static void abortElsewhere(Request request, Queue victim, int commandId) {
        try {
            victim.loop()
                    .execute(() -> {
                        long result = victim.abort(commandId) ? ABORTED : NOT_ABORTED;
                        request.loop().execute(() -> request.complete(result));
                    });
        } catch (RejectedExecutionException e) {
            request.complete(NOT_ABORTED);
        }
    }
}
