package org.jnvmet.app.nvme;

import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.console.Verbosity;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.StatusException;
import org.jnvmet.host.transports.StandardTransports;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command of the host: opens one, does its work, and says in a sentence what did not work. */
abstract class NvmeCommand implements Callable<Integer> {
    @Mixin private ConnectArguments connection = new ConnectArguments();
    @Mixin private Verbosity verbosity = new Verbosity(Level.WARN);
    @Spec private @Nullable CommandSpec spec;

    /** Does the work. */
    abstract void run(Host host);

    @Override
    public final Integer call() {
        verbosity.apply();
        try (Host host = StandardTransports.open()) {
            run(host);
        } catch (StatusException refused) {
            throw new CommandFailure(
                    "%s was refused: %s"
                            .formatted(
                                    refused.result().command(),
                                    Status.describe(
                                            refused.result().command(), refused.result().status())),
                    refused);
        } catch (HostException failure) {
            throw new CommandFailure(String.valueOf(failure.getMessage()), failure);
        }
        return 0;
    }

    final ConnectArguments connection() {
        return connection;
    }

    /** Connects to the subsystem that the arguments name. */
    final HostController connect(Host host, ConnectOptions options) {
        return Connector.connect(host, options);
    }

    final PrintWriter out() {
        return command().commandLine().getOut();
    }

    final PrintWriter err() {
        return command().commandLine().getErr();
    }

    final ParameterException wrongUsage(String why) {
        return new ParameterException(command().commandLine(), why);
    }

    private CommandSpec command() {
        if (spec == null) {
            throw new IllegalStateException("not run by the command line");
        }
        return spec;
    }
}
