package org.jnvmet.app.p2p;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code jnvmet p2p}: PCI peer memory. */
@Command(
        name = "p2p",
        description =
                "Shows PCI peer-to-peer memory, in which the data of I/O can be staged, and how far it is from whom.",
        mixinStandardHelpOptions = true,
        subcommands = {TopologyCommand.class, ExplainCommand.class},
        synopsisSubcommandLabel = "COMMAND")
public final class P2pCommand implements Runnable {
    @Spec private @Nullable CommandSpec spec;

    @Override
    public void run() {
        if (spec != null) {
            String commands = String.join(" or ", spec.subcommands().keySet());
            throw new ParameterException(spec.commandLine(), "say " + commands);
        }
    }
}
