package org.jnvmet.app;

import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jnvmet.app.console.Signals;
import org.jnvmet.app.console.Verbosity;
import org.jnvmet.app.control.ControlOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jnvmet serve}: the target, until a signal ends it. */
@Command(
        name = "serve",
        description =
                "Serves disks until SIGTERM or SIGINT, which end it in order; a second one ends it at once.",
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:ended by a signal, in order",
            "1:could not start or end",
            "2:wrong options"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet serve                                 1 GiB of memory on 127.0.0.1:4420",
            "  jnvmet serve --config /etc/jnvmet.json       what nvmetcli or 'jnvmet config save' has saved",
            "  jnvmet serve --mount /run/jnvmet/config --state /var/lib/jnvmet/state",
            "                                               configured with mkdir, echo and ln, across restarts"
        })
final class ServeCommand implements Callable<Integer> {
    private static final int MAX_THREADS = 256;

    @Option(
            names = "--config",
            paramLabel = "FILE",
            description =
                    "Configuration to begin with, nvmetcli's JSON. Default: 1 GiB of memory on 127.0.0.1:4420.")
    private @Nullable Path config;

    @Option(
            names = "--mount",
            paramLabel = "DIR",
            description = "Mount the configuration tree there (FUSE).")
    private @Nullable Path mount;

    @Option(
            names = "--state",
            paramLabel = "FILE",
            description =
                    "Keep all changes there, through restarts and crashes. What it holds goes before --config.")
    private @Nullable Path state;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "Event loops of each fabric. Default: one for each processor.")
    private @Nullable Integer threads;

    @Mixin private RdmaOptions rdma = new RdmaOptions();
    @Mixin private StagingOptions staging = new StagingOptions();
    @Mixin private ControlOption control = new ControlOption();
    @Mixin private Verbosity verbosity = new Verbosity(Level.INFO);
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() throws InterruptedException {
        verbosity.apply();
        Signals signals = Signals.install();
        try (Server server = Server.start(settings())) {
            announce(server);
            signals.await();
        }
        return 0;
    }

    private Server.Settings settings() {
        int loops = threads == null ? Runtime.getRuntime().availableProcessors() : threads;
        if (loops < 1 || loops > MAX_THREADS) {
            throw new ParameterException(
                    command().commandLine(),
                    "--threads: " + loops + " is not within 1 .. " + MAX_THREADS);
        }
        return new Server.Settings(config, mount, state, loops, rdma, control, staging);
    }

    private void announce(Server server) {
        PrintWriter out = command().commandLine().getOut();
        if (server.connectLines().isEmpty()) {
            out.println("No port exports a subsystem yet.");
        } else {
            out.println("To connect a host:");
            server.connectLines().forEach(line -> out.println("  " + line));
        }
        out.flush();
    }

    private CommandSpec command() {
        if (spec == null) {
            throw new IllegalStateException("not run by the command line");
        }
        return spec;
    }
}
