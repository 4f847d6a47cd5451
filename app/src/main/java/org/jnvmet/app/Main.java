package org.jnvmet.app;

import java.io.PrintWriter;
import org.jnvmet.app.bench.BenchCommand;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.control.ControlClient;
import org.jnvmet.app.nvme.CopyCommand;
import org.jnvmet.app.nvme.DiscoverCommand;
import org.jnvmet.app.nvme.IdentifyControllerCommand;
import org.jnvmet.app.nvme.IdentifyNamespaceCommand;
import org.jnvmet.app.nvme.ListCommand;
import org.jnvmet.app.nvme.ReadCommand;
import org.jnvmet.app.nvme.SmartLogCommand;
import org.jnvmet.app.nvme.WriteCommand;
import org.jnvmet.app.p2p.P2pCommand;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.target.ConfigException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line. Every failure is one line on standard error. */
@Command(
        name = "jnvmet",
        description = "An NVMe over Fabrics storage target and host in user space.",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        subcommands = {
            ServeCommand.class,
            DemoCommand.class,
            ConfigCommand.class,
            DiscoverCommand.class,
            ListCommand.class,
            IdentifyControllerCommand.class,
            IdentifyNamespaceCommand.class,
            SmartLogCommand.class,
            ReadCommand.class,
            WriteCommand.class,
            CopyCommand.class,
            BenchCommand.class,
            P2pCommand.class,
            CompletionCommand.class,
            VersionCommand.class
        },
        synopsisSubcommandLabel = "COMMAND",
        exitCodeListHeading = "%nExit status:%n",
        exitCodeList = {
            "0:done",
            "1:failed; one line says why",
            "2:wrong options or arguments",
            "127:no JDK or no Maven to build with"
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet demo                                   prove it on this machine",
            "  jnvmet serve                                  1 GiB of memory on 127.0.0.1:4420",
            "  jnvmet serve --config /etc/jnvmet.json --state /var/lib/jnvmet/state",
            "  jnvmet serve --mount /run/jnvmet/config       configure with mkdir, echo and ln",
            "  jnvmet config restore /etc/jnvmet.json        change what runs, all or nothing",
            "  jnvmet list -a 192.0.2.1                      what another target offers",
            "  jnvmet bench -a 192.0.2.1 -n NQN --rw=read    load, measured and reported as by fio",
            "  jnvmet read -a 192.0.2.1 -n NQN -d disk.img   a copy of its disk",
            "  jnvmet p2p topology                           where there is memory to stage data in",
            "  jnvmet test                                   everything that CI runs",
            "",
            "Environment:",
            "  JNVMET_LOG        ERROR, WARN, INFO, DEBUG or TRACE: what is logged to standard error",
            "  JAVA_HOME         the JDK to prefer",
            "  JNVMET_JAVA_OPTS  options for the Java virtual machine"
        })
public final class Main implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Main.class);

    @Spec private CommandLine.Model.@org.jspecify.annotations.Nullable CommandSpec spec;

    private Main() {}

    public static void main(String[] arguments) {
        int status = commandLine().execute(arguments);
        System.out.flush();
        System.exit(status);
    }

    /** The command line with its handling of failures. */
    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setUsageHelpWidth(100)
                .setParameterExceptionHandler(Main::onWrongUsage)
                .setExecutionExceptionHandler(Main::onFailure);
    }

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "a command is missing");
        }
    }

    private static int onWrongUsage(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        String name = command.getCommandSpec().qualifiedName();
        complain(command.getErr(), name, firstLine(wrong) + "; see '" + name + " --help'");
        return CommandLine.ExitCode.USAGE;
    }

    private static int onFailure(
            Exception failure, CommandLine command, CommandLine.ParseResult arguments) {
        String name = command.getCommandSpec().qualifiedName();
        switch (failure) {
            case CommandFailure _,
                    ConfigException _,
                    ConfigFileException _,
                    ControlClient.Refused _ ->
                    complain(command.getErr(), name, firstLine(failure));
            default -> {
                LOG.debug("{} failed", name, failure);
                complain(
                        command.getErr(),
                        name,
                        "internal error: "
                                + failure.getClass().getName()
                                + ": "
                                + firstLine(failure));
            }
        }
        return CommandLine.ExitCode.SOFTWARE;
    }

    private static void complain(PrintWriter out, String command, String why) {
        out.println(command + ": " + why);
        out.flush();
    }

    private static String firstLine(Exception failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("").strip();
    }
}
