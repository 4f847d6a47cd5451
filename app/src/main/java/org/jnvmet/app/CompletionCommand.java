package org.jnvmet.app;

import java.io.PrintWriter;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code jnvmet completion}: what makes a shell complete commands and options. */
@Command(
        name = "completion",
        description = "Prints a script that makes bash and zsh complete commands and options.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  source <(jnvmet completion)                  in this shell",
            "  jnvmet completion > /etc/bash_completion.d/jnvmet"
        })
final class CompletionCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            var commandLine = spec.root().commandLine();
            PrintWriter out = spec.commandLine().getOut();
            out.print(AutoComplete.bash(commandLine.getCommandName(), commandLine));
            out.flush();
        }
    }
}
