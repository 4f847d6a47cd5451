package org.jnvmet.host.rdma;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What has been got of a device, to be given back in the opposite order. One thread at a time. */
final class Undo {
    private static final Logger LOG = LoggerFactory.getLogger(Undo.class);

    /** Gives one thing back. */
    @FunctionalInterface
    interface Step {
        void run() throws IOException;
    }

    private record Named(String what, Step step) {}

    private final String owner;
    private final Deque<Named> steps = new ArrayDeque<>();

    /** @param owner for messages */
    Undo(String owner) {
        this.owner = owner;
    }

    /** Something was got; {@code step} gives it back. */
    void with(String what, Step step) {
        steps.push(new Named(what, step));
    }

    /** Gives everything back; what fails is logged, and the others follow nevertheless. */
    void all() {
        while (!steps.isEmpty()) {
            Named next = steps.pop();
            try {
                next.step.run();
            } catch (IOException | RuntimeException e) {
                LOG.warn("{}: {}: {}", owner, next.what, e.getMessage());
            }
        }
    }
}
