package org.jnvmet.host;

import org.jnvmet.wire.Status;

/** A command failed, and the caller asked for success: {@link CommandResult#orThrow}. */
public final class StatusException extends HostException {
    private static final long serialVersionUID = 1;

    private final transient CommandResult result;

    StatusException(CommandResult result) {
        super(
                "%s failed: %s (status field %04xh, result %xh)"
                        .formatted(
                                result.command(),
                                Status.describe(result.command(), result.status()),
                                result.status(),
                                result.result()));
        this.result = result;
    }

    /** The failing completion. */
    public CommandResult result() {
        return result;
    }
}
