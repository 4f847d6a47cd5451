package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Status;

/**
 * A completed command.
 *
 * @param command name of the command
 * @param status the 15-bit status field, DNR and More included; 0 is success
 * @param result dwords 0 and 1 of the completion
 * @param sqHead submission queue head pointer
 * @param sqId submission queue identifier
 * @param data what the controller sent, if into one segment; complete only on success
 */
@CheckReturnValue
public record CommandResult(
        String command, int status, long result, int sqHead, int sqId, MemorySegment data) {

    static CommandResult of(HostRequest request) {
        HostCommand command = request.command();
        MemorySegment data =
                command.bytesIn() == 0 ? MemorySegment.NULL : command.data().segment(0);
        return new CommandResult(
                request.name(),
                request.status(),
                request.result(),
                request.sqHead(),
                request.sqId(),
                data);
    }

    public boolean succeeded() {
        return Status.SUCCESS.is(status);
    }

    /** Whether the status is this one, with or without DNR. */
    public boolean is(Status expected) {
        return expected.is(status);
    }

    public boolean doNotRetry() {
        return (status & Status.DNR) != 0;
    }

    /** Dword 0 of the completion. */
    public int dword0() {
        return (int) result;
    }

    /** A copy of the data. */
    public byte[] bytes() {
        return data.toArray(Le.U8);
    }

    /**
     * This result, if it is a success.
     *
     * @throws StatusException if it is not
     */
    @CanIgnoreReturnValue
    public CommandResult orThrow() {
        if (!succeeded()) {
            throw new StatusException(this);
        }
        return this;
    }
}
