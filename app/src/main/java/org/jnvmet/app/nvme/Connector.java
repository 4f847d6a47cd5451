package org.jnvmet.app.nvme;

import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.StatusException;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.ConnectData;

/** Connects, or says what was wanted, where, and why it was not to be had. */
public final class Connector {
    private Connector() {}

    /**
     * Connects a controller.
     *
     * @throws CommandFailure when that fails
     */
    public static HostController connect(Host host, ConnectOptions options) {
        try {
            return host.connect(options);
        } catch (StatusException refused) {
            throw new CommandFailure(why(options, refused), refused);
        } catch (HostException failure) {
            throw new CommandFailure(why(options, failure), failure);
        }
    }

    private static String why(ConnectOptions options, StatusException refused) {
        String subsystem = options.subsystemNqn();
        String way = options.way();
        int status = refused.result().status();
        if (Status.CONNECT_INVALID_HOST.is(status)) {
            return "%s at %s does not allow this host, %s"
                    .formatted(subsystem, way, options.hostNqn());
        }
        if (Status.CONNECT_INVALID_PARAMETERS.is(status) && complainsOfSubsystem(refused)) {
            return "there is no subsystem %s at %s".formatted(subsystem, way);
        }
        if (Status.CONNECT_CONTROLLER_BUSY.is(status)) {
            return "%s at %s has no controller to spare".formatted(subsystem, way);
        }
        String command = refused.result().command();
        return "%s at %s refused %s: %s"
                .formatted(subsystem, way, command, Status.describe(command, status));
    }

    /** Whether the parameter that Connect names as invalid is the subsystem's name. */
    private static boolean complainsOfSubsystem(StatusException refused) {
        int result = refused.result().dword0();
        return ConnectCommand.isInData(result)
                && ConnectCommand.invalidOffset(result) == ConnectData.SUBNQN.offset();
    }

    private static String why(ConnectOptions options, HostException failure) {
        String message = String.valueOf(failure.getMessage());
        boolean saysWhere =
                message.contains(options.address()) || message.startsWith(options.transport());
        return saysWhere ? message : options.way() + ": " + message;
    }
}
