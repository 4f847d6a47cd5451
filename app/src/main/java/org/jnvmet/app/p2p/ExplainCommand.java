package org.jnvmet.app.p2p;

import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.control.ControlClient;
import org.jnvmet.app.control.ControlOption;
import org.jnvmet.app.control.ExplainRequest;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jnvmet p2p explain}: why data is staged where it is, from the running server. */
@Command(
        name = "explain",
        description = {
            "Asks the running server where it stages the data of a subsystem's hosts on a port, and why: who does DMA,"
                    + " which memory there is, the way from one to the other, its distance, what stands in the way, and"
                    + " the verdict."
        },
        mixinStandardHelpOptions = true,
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:explained, whatever the verdict",
            "1:no server, no such port or no such subsystem; one line says which",
            "2:wrong options"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet p2p explain --port 1 --subsystem nqn.2026-01.org.jnvmet:demo",
            "  jnvmet p2p explain --port 1 --subsystem NQN --sysfs copy/sys    on another machine"
        })
final class ExplainCommand implements Callable<Integer> {
    @Option(
            names = "--port",
            required = true,
            paramLabel = "N",
            description = "Number of the port, as in ports/N of the configuration.")
    private int port;

    @Option(
            names = "--subsystem",
            required = true,
            paramLabel = "NQN",
            description = "Name of the subsystem.")
    private String subsystem = "";

    @Option(
            names = {"-o", "--output-format"},
            paramLabel = "FORMAT",
            description = "normal, for people, or json, for programs. Default: normal.")
    private OutputFormat format = OutputFormat.normal;

    @Option(
            names = "--sysfs",
            paramLabel = "DIR",
            description = {
                "Ask what the server would decide if its machine were the one in DIR, a copy of another sysfs or an"
                        + " emulated one; block devices and interfaces are looked up there. Nothing changes. Default:"
                        + " the machine that it runs on, or what it was started with."
            })
    private @Nullable Path sysfs;

    @Mixin private ControlOption control = new ControlOption();
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        if (sysfs != null && !Files.isDirectory(sysfs)) {
            throw new CommandFailure(sysfs + " is no directory");
        }
        String root = sysfs == null ? null : sysfs.toAbsolutePath().normalize().toString();
        String answer =
                new ControlClient(control.path())
                        .explain(
                                new ExplainRequest(
                                        port, subsystem, root, format == OutputFormat.json));
        if (spec != null) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(answer);
            out.flush();
        }
        return 0;
    }
}
