package org.jnvmet.app.nvme;

import java.nio.file.Path;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.console.ProgressBar;
import org.jnvmet.host.HostNamespace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jnvmet write}: from a file to a namespace. */
@Command(
        name = "write",
        description = "Writes a file to blocks of a namespace, and flushes them to the medium.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet write -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo -d disk.img",
            "  zcat disk.img.gz | jnvmet write -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo"
        })
public final class WriteCommand extends TransferCommand {
    @Option(
            names = {"-d", "--data"},
            paramLabel = "FILE",
            description = "Where from; - is standard input, the default.")
    private Path file = DataFile.STANDARD_STREAM;

    @Option(names = "--pad", description = "Fill up the last block with zeroes if it is not full.")
    private boolean pad;

    @Override
    void check() {
        if (!file.equals(DataFile.STANDARD_STREAM)) {
            DataFile.input(file).close();
        }
    }

    @Override
    void transfer(HostNamespace disk) {
        try (DataFile input = DataFile.input(file)) {
            long blocks = blocks(disk);
            long bytes = blocks * disk.blockBytes();
            if (input.bytes() != DataFile.UNKNOWN && !isLimited()) {
                bytes = input.bytes();
                checkFits(bytes, disk);
            }
            boolean known = isLimited() || input.bytes() != DataFile.UNKNOWN;
            long written;
            try (ProgressBar bar = progress("write", known ? bytes : ProgressBar.UNKNOWN)) {
                written = new BlockTransfer(disk, bar::add).write(startBlock(), blocks, input, pad);
            }
            checkEnd(input, written, bytes);
        }
    }

    /** What is known to go wrong goes wrong before the first block. */
    private void checkFits(long bytes, HostNamespace disk) {
        long blocks = Math.ceilDiv(bytes, (long) disk.blockBytes());
        if (startBlock() + blocks > disk.blocks()) {
            throw tooMany(blocks, disk);
        }
        if (bytes % disk.blockBytes() != 0 && !pad) {
            throw new CommandFailure(
                    "%s: %d bytes are no whole blocks of %d (--pad fills up the last one)"
                            .formatted(file, bytes, disk.blockBytes()));
        }
    }

    private void checkEnd(DataFile input, long written, long wanted) {
        if (isLimited() && written < wanted) {
            throw new CommandFailure(
                    "%s ended after %d of %d bytes".formatted(input.name(), written, wanted));
        }
        if (!isLimited() && !input.atEnd()) {
            throw new CommandFailure(
                    "%s has more than the %d bytes that fit, which were written"
                            .formatted(input.name(), written));
        }
    }
}
