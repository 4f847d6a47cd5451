package org.jnvmet.target.command;

import org.jnvmet.target.Request;

/**
 * What a parsed command does. Implementations have no state of their own: one object serves every
 * request of its kind, and whatever a command must remember is in its {@link Request}.
 */
@FunctionalInterface
public interface Command {
    /** Of a request that has not been parsed. */
    Command NONE =
            _ -> {
                throw new IllegalStateException("executed before it was parsed");
            };

    /**
     * Runs the command; its data, if any, is in the request's buffer. Ends, now or later on the same
     * loop, with exactly one of {@link Request#complete}, {@link Request#fail} or {@link
     * Request#finish}. Owner loop of the request's queue.
     */
    void execute(Request request);
}
