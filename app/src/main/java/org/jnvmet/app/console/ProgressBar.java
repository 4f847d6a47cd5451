package org.jnvmet.app.console;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** How far a transfer is, in one line that is written over and over. Owned by the thread that transfers. */
public final class ProgressBar implements AutoCloseable {
    /** Of a transfer whose length nobody knows. */
    public static final long UNKNOWN = -1;

    private static final long NS_PER_DRAWING = TimeUnit.MILLISECONDS.toNanos(100);
    private static final double NS_PER_SECOND = TimeUnit.SECONDS.toNanos(1);
    private static final double MIB = 1 << 20;
    private static final int CELLS = 24;

    private final @Nullable PrintWriter screen;
    private final String what;
    private final long total;
    private final LongSupplier nanoTime;
    private final long start;
    private final Thread lineEnd;
    private long done;
    private long drawn;

    /**
     * A bar that nobody sees when there is no screen.
     *
     * @param screen the terminal; null for none
     * @param what is going on, in a word
     * @param total bytes; {@link #UNKNOWN} if it is
     * @param nanoTime the time, from any origin
     */
    ProgressBar(@Nullable PrintWriter screen, String what, long total, LongSupplier nanoTime) {
        this.screen = screen;
        this.what = what;
        this.total = total;
        this.nanoTime = nanoTime;
        start = nanoTime.getAsLong();
        drawn = start - NS_PER_DRAWING;
        lineEnd = Thread.ofPlatform().unstarted(this::endLine);
    }

    /** A bar on standard error, if that is a terminal. When a signal ends the process, its line is ended. */
    public static ProgressBar onTerminal(PrintWriter standardError, String what, long total) {
        ProgressBar bar =
                new ProgressBar(
                        Terminal.isError() ? standardError : null, what, total, System::nanoTime);
        if (bar.screen != null) {
            Runtime.getRuntime().addShutdownHook(bar.lineEnd);
        }
        return bar;
    }

    /** So many bytes more are done. */
    public void add(long bytes) {
        done += bytes;
        if (screen != null && nanoTime.getAsLong() - drawn >= NS_PER_DRAWING) {
            draw();
        }
    }

    private void draw() {
        if (screen != null) {
            drawn = nanoTime.getAsLong();
            screen.print("\r" + line(drawn - start) + " ");
            screen.flush();
        }
    }

    private String line(long elapsedNs) {
        double seconds = elapsedNs / NS_PER_SECOND;
        double rate = seconds > 0 ? done / seconds : 0;
        String speed = String.format(Locale.ROOT, "%.1f MiB/s", rate / MIB);
        if (total < 0) {
            return "%s %s  %s".formatted(what, size(done), speed);
        }
        double part = total == 0 ? 1 : (double) done / total;
        int full = (int) (part * CELLS);
        long left = rate > 0 ? Math.round((total - done) / rate) : 0;
        return String.format(
                Locale.ROOT,
                "%s [%s%s] %3d%%  %s of %s  %s  %d:%02d left",
                what,
                "#".repeat(full),
                "-".repeat(CELLS - full),
                (int) (part * 100),
                size(done),
                size(total),
                speed,
                left / 60,
                left % 60);
    }

    private static String size(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / MIB);
    }

    private void endLine() {
        if (screen != null) {
            screen.println();
            screen.flush();
        }
    }

    /** Shows the last state and ends the line. */
    @Override
    public void close() {
        if (screen == null) {
            return;
        }
        draw();
        endLine();
        try {
            Runtime.getRuntime().removeShutdownHook(lineEnd);
        } catch (IllegalStateException ending) {
            // A signal is ending the process: the hook runs already.
            screen.flush();
        }
    }
}
