package org.jnvmet.app.nvme;

import java.nio.file.Path;
import org.jnvmet.app.console.ProgressBar;
import org.jnvmet.app.console.Terminal;
import org.jnvmet.host.HostNamespace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jnvmet read}: from a namespace to a file. */
@Command(
        name = "read",
        description = "Reads blocks of a namespace into a file.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet read -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo --bytes 1m -d first.img",
            "  jnvmet read -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo | sha256sum"
        })
public final class ReadCommand extends TransferCommand {
    @Option(
            names = {"-d", "--data"},
            paramLabel = "FILE",
            description = "Where to; - is standard output, the default.")
    private Path file = DataFile.STANDARD_STREAM;

    @Option(names = "--force", description = "Write to standard output even if it is a terminal.")
    private boolean force;

    @Override
    void check() {
        if (file.equals(DataFile.STANDARD_STREAM) && Terminal.isOutput() && !force) {
            throw wrongUsage("standard output is a terminal; say -d FILE, or --force");
        }
    }

    @Override
    void transfer(HostNamespace disk) {
        long blocks = blocks(disk);
        try (DataFile output = DataFile.output(file);
                ProgressBar bar = progress("read", blocks * disk.blockBytes())) {
            new BlockTransfer(disk, bar::add).read(startBlock(), blocks, output);
        }
    }
}
