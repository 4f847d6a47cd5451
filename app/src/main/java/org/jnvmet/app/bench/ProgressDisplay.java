package org.jnvmet.app.bench;

import java.io.PrintWriter;

/** Shows one line that is written again and again. */
final class ProgressDisplay implements AutoCloseable {
    private final PrintWriter out;
    private final boolean wanted;
    private int width;

    ProgressDisplay(PrintWriter out, boolean wanted) {
        this.out = out;
        this.wanted = wanted;
    }

    void show(String line) {
        if (wanted) {
            out.print("\r" + line + " ".repeat(Math.max(0, width - line.length())));
            out.flush();
            width = line.length();
        }
    }

    /** Takes the line away. */
    void clear() {
        if (width > 0) {
            out.print("\r" + " ".repeat(width) + "\r");
            out.flush();
            width = 0;
        }
    }

    @Override
    public void close() {
        clear();
    }
}
