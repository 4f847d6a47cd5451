package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sqe;

/**
 * One submission of a command on one queue, from {@link HostQueue} to the transport and back. The
 * transport finishes it exactly once: {@link #complete} or {@link #fail}.
 */
public final class HostRequest {
    private final HostQueue queue;
    private final HostCommand command;
    private final int commandId;
    private final Sqe sqe;
    private final CompletableFuture<CommandResult> future = new CompletableFuture<>();

    HostRequest(HostQueue queue, HostCommand command, int commandId) {
        this.queue = queue;
        this.command = command;
        this.commandId = commandId;
        MemorySegment entry = MemorySegment.ofArray(new byte[Sqe.BYTES]);
        entry.copyFrom(command.entry());
        sqe = new Sqe().wrap(entry, 0).u16(Sqe.CID, commandId);
    }

    /** Name of the command. */
    public String name() {
        return command.name();
    }

    /** The entry; the transport fills in its SGL. */
    public Sqe sqe() {
        return sqe;
    }

    /** The 16 bits of the identifier, as the controller must repeat them. */
    public int commandId() {
        return commandId;
    }

    /** Data to send; empty when there is none. */
    public MemorySegment dataOut() {
        return command.dataOut();
    }

    /** Where received data goes; empty when there is none. */
    public MemorySegment dataIn() {
        return command.dataIn();
    }

    /** The controller completed the command. */
    public void complete(Cqe cqe) {
        complete(cqe.status(), cqe.result(), cqe.sqHead(), cqe.sqId());
    }

    /** The command is complete; {@code status} is a 15-bit status field. */
    public void complete(int status, long result, int sqHead, int sqId) {
        queue.release(this);
        future.complete(new CommandResult(name(), status, result, sqHead, sqId, command.dataIn()));
    }

    /** The command has no completion and never will: its connection is gone. */
    public void fail(HostException reason) {
        queue.release(this);
        future.completeExceptionally(reason);
    }

    /** Completes when the request is finished. */
    public CompletableFuture<CommandResult> future() {
        return future;
    }
}
