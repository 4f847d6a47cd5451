package org.jnvmet.target.command;

import java.lang.foreign.MemorySegment;
import org.jnvmet.target.Request;
import org.jnvmet.target.Scratch;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.Status;

/**
 * Compare (NVM Command Set, same title): reads the medium piece by piece into the queue's scratch
 * memory, which one Compare has at a time.
 */
final class Compare {
    private static final Scratch.User BEGIN = Compare::begin;

    private Compare() {}

    static void execute(Request request) {
        request.queue().scratch().use(request, BEGIN);
    }

    private static void begin(Request request) {
        if (request.queue().closed()) {
            end(request, Status.ABORTED_SQ_DELETION, -1);
        } else if (IoCommands.beginRange(request)) {
            readNext(request);
        } else {
            request.queue().scratch().giveBack(BEGIN); // the request has failed already
        }
    }

    private static void readNext(Request request) {
        long done = request.progress();
        long bytes = Math.min(Scratch.BYTES, request.dataBytes() - done);
        request.submit(
                Kind.READ,
                IoCommands.offset(request) + done,
                bytes,
                request.queue().scratch().memory(),
                0,
                Compare::compare);
    }

    private static void compare(Request request, Status status) {
        if (status != Status.SUCCESS) {
            end(request, status, -1);
            return;
        }
        DataBuffer buffer = request.dataBuffer();
        long done = request.progress();
        long from = buffer.offset() + done;
        long mismatch =
                MemorySegment.mismatch(
                        buffer.memory(),
                        from,
                        from + request.length(),
                        request.data(),
                        0,
                        request.length());
        if (mismatch >= 0) {
            end(request, Status.COMPARE_FAILURE, IoCommand.SLBA);
            return;
        }
        request.progress(done + request.length());
        if (request.progress() < request.dataBytes()) {
            readNext(request);
        } else {
            end(request, Status.SUCCESS, -1);
        }
    }

    private static void end(Request request, Status status, int errorByte) {
        request.queue().scratch().giveBack(BEGIN);
        if (status == Status.SUCCESS) {
            request.complete(0);
        } else {
            request.fail(status, errorByte);
        }
    }
}
