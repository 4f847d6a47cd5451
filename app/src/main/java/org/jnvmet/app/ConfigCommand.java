package org.jnvmet.app;

import java.io.PrintWriter;
import java.nio.file.Path;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.control.ControlClient;
import org.jnvmet.app.control.ControlOption;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code jnvmet config}: what nvmetcli does, on the running server. */
@Command(
        name = "config",
        description =
                "Saves and changes the configuration of the running server; files are nvmetcli's JSON.",
        mixinStandardHelpOptions = true,
        synopsisSubcommandLabel = "COMMAND")
final class ConfigCommand implements Runnable {
    private static final String EXAMPLES = "%nExamples:%n";

    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            throw new ParameterException(spec.commandLine(), "say restore, save, ls or check");
        }
    }

    @Command(
            name = "restore",
            description =
                    "Makes the server's configuration what FILE says, all or nothing; hosts of what does not change"
                            + " stay connected.",
            mixinStandardHelpOptions = true,
            footerHeading = EXAMPLES,
            footer = "  jnvmet config restore /etc/jnvmet.json")
    int restore(
            @Parameters(paramLabel = "FILE", description = "nvmetcli's JSON; - is standard input")
                    Path file,
            @Mixin ControlOption control) {
        String json = ConfigFile.read(file);
        try {
            remark(file, new ControlClient(control.path()).ask("restore", json));
        } catch (ControlClient.Refused why) {
            throw new CommandFailure(file + ": " + why.getMessage());
        }
        return 0;
    }

    @Command(
            name = "save",
            description = "Writes the server's configuration.",
            mixinStandardHelpOptions = true,
            footerHeading = EXAMPLES,
            footer = "  jnvmet config save /etc/jnvmet.json")
    int save(
            @Parameters(
                            paramLabel = "FILE",
                            defaultValue = "-",
                            description = "where to; - is standard output, the default")
                    Path file,
            @Mixin ControlOption control) {
        String json = new ControlClient(control.path()).ask("save", null);
        if (file.toString().equals("-")) {
            print(json);
        } else {
            ConfigFile.write(file, json);
        }
        return 0;
    }

    @Command(
            name = "ls",
            description = "Shows the server's configuration as a tree.",
            mixinStandardHelpOptions = true)
    int list(@Mixin ControlOption control) {
        print(new ControlClient(control.path()).ask("ls", null));
        return 0;
    }

    @Command(
            name = "check",
            description =
                    "Says whether FILE would be accepted on this machine; needs no server and changes nothing.",
            mixinStandardHelpOptions = true,
            footerHeading = EXAMPLES,
            footer =
                    "  jnvmet config check /etc/jnvmet.json && jnvmet config restore /etc/jnvmet.json")
    int check(
            @Parameters(paramLabel = "FILE", description = "nvmetcli's JSON; - is standard input")
                    Path file) {
        remark(file, ConfigFile.check(file, ConfigFile.read(file)));
        return 0;
    }

    /** On standard error: the command has succeeded. */
    private void remark(Path file, String remarks) {
        if (spec != null) {
            PrintWriter err = spec.commandLine().getErr();
            remarks.lines().forEach(each -> err.println(file + ": " + each));
            err.flush();
        }
    }

    private void print(String text) {
        if (spec != null) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(text);
            out.flush();
        }
    }
}
