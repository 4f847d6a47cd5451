package org.jnvmet.host;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A command on its way, and the future of its result: for callers who need no speed. */
public final class Submission {
    private final CompletableFuture<CommandResult> future = new CompletableFuture<>();
    private final HostRequest request;

    Submission(HostCommand command) {
        request = new HostRequest(command, this::complete);
    }

    private void complete(HostRequest done) {
        HostException failure = done.failure();
        if (failure == null) {
            future.complete(CommandResult.of(done));
        } else {
            future.completeExceptionally(failure);
        }
    }

    HostRequest request() {
        return request;
    }

    /** The identifier that Abort names; once it is no longer waiting in line. */
    public int commandId() {
        return request.commandId();
    }

    /** Completes with whatever status the controller gives, or exceptionally when the host ends it. */
    public CompletableFuture<CommandResult> future() {
        return future;
    }

    CommandResult await(Object where) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            if (e.getCause() instanceof HostException cause) {
                throw cause;
            }
            throw new HostException(where + ": " + request.name(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException(where + ": interrupted while waiting for " + request.name(), e);
        }
    }
}
