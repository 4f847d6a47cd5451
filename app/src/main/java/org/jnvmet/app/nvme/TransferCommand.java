package org.jnvmet.app.nvme;

import org.jnvmet.app.console.ByteCount;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.console.ProgressBar;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** A command that moves data between a range of blocks and a file. */
abstract class TransferCommand extends NvmeCommand {
    @Mixin private NamespaceArgument namespace = new NamespaceArgument();

    @Option(
            names = "--start-block",
            paramLabel = "LBA",
            converter = ByteCount.class,
            description = "First block. Default: 0.")
    private long startBlock;

    @Option(
            names = "--block-count",
            paramLabel = "N",
            converter = ByteCount.class,
            description = "Blocks, counted from 1. Default: all there are.")
    private @Nullable Long blockCount;

    @Option(
            names = "--bytes",
            paramLabel = "N",
            converter = ByteCount.class,
            description =
                    "Instead of --block-count: bytes, in whole blocks; 4k, 1m and 1g will do.")
    private @Nullable Long bytes;

    /** Refuses what cannot be, before anything is connected. */
    abstract void check();

    /** Moves the data. */
    abstract void transfer(HostNamespace disk);

    @Override
    final void run(Host host) {
        if (blockCount != null && bytes != null) {
            throw wrongUsage("--block-count and --bytes exclude each other");
        }
        check();
        try (HostController controller = connect(host, connection().toSubsystem())) {
            HostNamespace disk = controller.namespace(namespace.of(controller));
            if (startBlock >= disk.blocks()) {
                throw new CommandFailure(
                        "block %d is beyond the end of %s".formatted(startBlock, described(disk)));
            }
            transfer(disk);
        }
    }

    /** The first block of the range. */
    final long startBlock() {
        return startBlock;
    }

    /** Whether the user said how much. */
    final boolean isLimited() {
        return blockCount != null || bytes != null;
    }

    /**
     * Blocks of the range: what the user said, or all up to the end.
     *
     * @throws CommandFailure when the namespace ends before
     */
    final long blocks(HostNamespace disk) {
        long there = disk.blocks() - startBlock;
        long wanted = there;
        if (blockCount != null) {
            wanted = blockCount;
        } else if (bytes != null) {
            if (bytes % disk.blockBytes() != 0) {
                throw new CommandFailure(
                        "%d bytes are no whole blocks of %d".formatted(bytes, disk.blockBytes()));
            }
            wanted = bytes / disk.blockBytes();
        }
        if (wanted > there) {
            throw tooMany(wanted, disk);
        }
        return wanted;
    }

    final CommandFailure tooMany(long wanted, HostNamespace disk) {
        return new CommandFailure(
                "%d blocks from block %d on are too many for %s"
                        .formatted(wanted, startBlock, described(disk)));
    }

    private static String described(HostNamespace disk) {
        return "namespace %s of %d blocks of %d bytes"
                .formatted(Integer.toUnsignedString(disk.id()), disk.blocks(), disk.blockBytes());
    }

    final ProgressBar progress(String what, long total) {
        return ProgressBar.onTerminal(err(), what, total);
    }
}
