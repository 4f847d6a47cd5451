package org.jnvmet.app.nvme;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.app.console.ByteCount;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.IoCommands;
import org.jnvmet.wire.Status;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code jnvmet copy}: from blocks to blocks, on the target's side. */
@Command(
        name = "copy",
        description = {
            "Has the target copy blocks of a namespace, or of others of the same subsystem, one range behind the other.",
            "The data does not come here."
        },
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet copy -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo -d 1000 --slbs 0,64 -b 8,1",
            "  jnvmet copy -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo -N 2 -d 0 --slbs 0 -b 1m -S 1"
        })
public final class CopyCommand extends NvmeCommand {
    @Mixin private NamespaceArgument namespace = new NamespaceArgument();

    @Option(
            names = {"-d", "--sdlba"},
            paramLabel = "LBA",
            required = true,
            converter = ByteCount.class,
            description = "First block of the destination.")
    private long destination;

    @Option(
            names = "--slbs",
            paramLabel = "LBA",
            required = true,
            split = ",",
            converter = ByteCount.class,
            description = "First block of each source.")
    private List<Long> starts = new ArrayList<>();

    @Option(
            names = {"-b", "--blocks"},
            paramLabel = "N",
            required = true,
            split = ",",
            converter = ByteCount.class,
            description = "Blocks of each source, counted from 1.")
    private List<Long> counts = new ArrayList<>();

    @Option(
            names = {"-S", "--snsids"},
            paramLabel = "N",
            split = ",",
            converter = NamespaceId.class,
            description = "Namespace of each source. Default: that of the destination.")
    private List<Integer> namespaces = new ArrayList<>();

    @Option(
            names = "--format",
            paramLabel = "F",
            description = "Format of the sources, 0 to 3. Default: the simplest that will do.")
    private int format = -1;

    @Override
    void run(Host host) {
        if (starts.size() != counts.size()
                || (!namespaces.isEmpty() && namespaces.size() != starts.size())) {
            throw wrongUsage("--slbs, --blocks and --snsids must have as many values each");
        }
        try (HostController controller = connect(host, connection().toSubsystem())) {
            HostNamespace disk = controller.namespace(namespace.of(controller));
            CommandResult result;
            try {
                result = disk.copy(destination, sources(disk), format);
            } catch (IllegalArgumentException cannotBe) {
                throw new CommandFailure(String.valueOf(cannotBe.getMessage()), cannotBe);
            }
            if (!result.succeeded()) {
                throw new CommandFailure(
                        "Copy was refused: %s (source %d was not copied)"
                                .formatted(
                                        Status.describe(result.command(), result.status()),
                                        result.dword0()));
            }
        }
    }

    private List<IoCommands.Source> sources(HostNamespace disk) {
        List<IoCommands.Source> sources = new ArrayList<>();
        for (int i = 0; i < starts.size(); i++) {
            int nsid = namespaces.isEmpty() ? disk.id() : namespaces.get(i);
            sources.add(new IoCommands.Source(nsid, starts.get(i), counts.get(i)));
        }
        return sources;
    }
}
