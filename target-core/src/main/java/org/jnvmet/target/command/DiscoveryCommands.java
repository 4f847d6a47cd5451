package org.jnvmet.target.command;

import org.jnvmet.target.Controller;
import org.jnvmet.target.Request;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyCommand;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.LogPageCommand;

/** Admin commands of discovery controllers (NVMe over Fabrics, Discovery Controller). */
public final class DiscoveryCommands {
    private DiscoveryCommands() {}

    /** Parses a command of an enabled discovery controller; false: it failed. */
    public static boolean parse(Request request, Controller controller) {
        return switch (request.sqe().opcode()) {
            case AdminOpcode.IDENTIFY ->
                    IdentifyCommand.cns(request.sqe()) == Cns.CONTROLLER
                            ? IdentifyCommands.parse(request, controller)
                            : request.refuse(Status.INVALID_FIELD, IdentifyCommand.CNS);
            case AdminOpcode.GET_LOG_PAGE -> parseLogPage(request, controller);
            case AdminOpcode.GET_FEATURES -> FeatureCommands.parseGet(request, controller);
            case AdminOpcode.SET_FEATURES -> FeatureCommands.parseSet(request, controller);
            default -> AdminCommands.parseWithoutData(request);
        };
    }

    private static boolean parseLogPage(Request request, Controller controller) {
        return switch (LogPageCommand.logId(request.sqe())) {
            case LogPage.SUPPORTED_PAGES ->
                    LogPages.accept(
                            request,
                            0,
                            (_, _) ->
                                    LogPages.supported(
                                            LogPage.SUPPORTED_PAGES,
                                            LogPage.ERROR,
                                            LogPage.DISCOVERY));
            case LogPage.ERROR -> LogPages.parse(request, controller);
            case LogPage.DISCOVERY -> LogPages.accept(request, 0, DiscoveryLog::read);
            default -> request.refuse(Status.INVALID_LOG_PAGE, LogPageCommand.LID);
        };
    }
}
