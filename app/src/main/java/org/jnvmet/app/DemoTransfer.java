package org.jnvmet.app;

import java.util.Locale;
import java.util.function.Consumer;
import org.jnvmet.app.console.ProgressBar;
import org.jnvmet.app.nvme.BlockTransfer;
import org.jnvmet.host.HostNamespace;
import picocli.CommandLine;

/** Fills a disk of the demonstration, reads it back, compares, and says how long that took. */
final class DemoTransfer {
    private static final long MIB = 1 << 20;
    private static final double GIB = 1 << 30;

    private final CommandLine console;

    DemoTransfer(CommandLine console) {
        this.console = console;
    }

    /** Writes and verifies so many bytes; in several passes where the disk is smaller. */
    void run(HostNamespace disk, long bytes, long seed) {
        long diskBytes = disk.blocks() * disk.blockBytes();
        long writtenNs = 0;
        long verifiedNs = 0;
        for (long done = 0; done < bytes; done += diskBytes) {
            long part = Math.min(diskBytes, bytes - done);
            long blocks = part / disk.blockBytes();
            long pass = seed + done;
            writtenNs +=
                    timed(
                            "write",
                            part,
                            bar ->
                                    new BlockTransfer(disk, bar::add)
                                            .write(0, blocks, new DemoPattern(pass), false));
            verifiedNs +=
                    timed(
                            "verify",
                            part,
                            bar ->
                                    new BlockTransfer(disk, bar::add)
                                            .read(0, blocks, new DemoPattern(pass)));
        }
        console.getOut()
                .println(
                        "  written   %s in %.1f s, and flushed"
                                .formatted(size(bytes), writtenNs / 1e9));
        console.getOut()
                .println(
                        "  verified  %s in %.1f s, every byte"
                                .formatted(size(bytes), verifiedNs / 1e9));
        console.getOut().flush();
    }

    private long timed(String what, long bytes, Consumer<ProgressBar> work) {
        long start = System.nanoTime();
        try (ProgressBar bar = ProgressBar.onTerminal(console.getErr(), "  " + what, bytes)) {
            work.accept(bar);
        }
        return System.nanoTime() - start;
    }

    /** {@code 1 GiB}, {@code 64 MiB}. */
    static String size(long bytes) {
        return bytes % (1 << 30) == 0
                ? String.format(Locale.ROOT, "%.0f GiB", bytes / GIB)
                : bytes / MIB + " MiB";
    }
}
