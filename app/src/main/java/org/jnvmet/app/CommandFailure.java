package org.jnvmet.app;

/** A command cannot go on, and the message says why in one line: exit status 1. */
final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    CommandFailure(String why) {
        super(why);
    }
}
