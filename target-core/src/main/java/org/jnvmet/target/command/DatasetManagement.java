package org.jnvmet.target.command;

import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.DatasetRange;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;

/**
 * Dataset Management (NVM Command Set, same title). Deallocate does something, the hints do not. All
 * ranges are checked before the first one is touched; then they are deallocated one after the other.
 */
final class DatasetManagement {
    private static final int MAX_BYTES = IoCommand.DSM_MAX_RANGES * DatasetRange.BYTES;

    private DatasetManagement() {}

    /** Hosts send a fixed buffer of 4 KiB and say how many ranges of it count. */
    static boolean parse(Request request) {
        long given = request.sglBytes();
        int needed = IoCommand.rangeCount(request.sqe()) * DatasetRange.BYTES;
        if (given < needed || given > MAX_BYTES) {
            return request.refuse(Status.SGL_DATA_LENGTH_INVALID, Sqe.SGL_LENGTH);
        }
        return request.accept(
                DatasetManagement::execute, Direction.HOST_TO_CONTROLLER, (int) given);
    }

    private static void execute(Request request) {
        if (!IoCommands.begin(request)) {
            return;
        }
        if ((request.sqe().cdw11() & IoCommand.DSM_DEALLOCATE) == 0) {
            request.complete(0);
            return;
        }
        long blocks = request.backend().blocks();
        DatasetRange range = new DatasetRange();
        for (int i = 0; i < IoCommand.rangeCount(request.sqe()); i++) {
            wrap(range, request, i);
            long count = range.get(DatasetRange.BLOCKS);
            if (count != 0
                    && !IoCommands.isWithin(range.get(DatasetRange.STARTING_LBA), count, blocks)) {
                request.fail(Status.LBA_OUT_OF_RANGE, Sqe.CDW10);
                return;
            }
        }
        next(request, Status.SUCCESS);
    }

    /** Goes on with the range that {@link Request#progress} counts. */
    private static void next(Request request, Status status) {
        int count = IoCommand.rangeCount(request.sqe());
        int index = (int) request.progress();
        DatasetRange range = new DatasetRange();
        while (index < count && status == Status.SUCCESS) {
            wrap(range, request, index);
            index++;
            long blocks = range.get(DatasetRange.BLOCKS);
            if (blocks != 0) {
                request.progress(index);
                Backend backend = request.backend();
                request.submit(
                        Kind.DEALLOCATE,
                        range.get(DatasetRange.STARTING_LBA) << backend.blockShift(),
                        blocks << backend.blockShift(),
                        DatasetManagement::next);
                return;
            }
        }
        request.finish(status);
    }

    private static void wrap(DatasetRange range, Request request, int index) {
        DataBuffer buffer = request.dataBuffer();
        range.wrap(buffer.memory(), buffer.offset() + (long) index * DatasetRange.BYTES);
    }
}
