package org.jnvmet.transport.loop;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.target.Queue;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.BufferSource;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** A command of a connection within this process. Owned by the loop. */
final class LoopRequest extends Request implements BufferSource.Waiter {
    private static final LoopConnection.Handler NOBODY =
            new LoopConnection.Handler() {
                @Override
                public void completed(Cqe cqe) {}

                @Override
                public void disconnected(String reason) {}
            };

    private LoopConnection.Handler handler = NOBODY;
    private MemorySegment hostData = MemorySegment.NULL;

    /** In whose line it waits. */
    private @Nullable BufferSource awaited;

    LoopRequest(Queue queue) {
        super(queue, Arena.ofAuto().allocate(Sqe.BYTES), 0);
    }

    /** Takes a command; {@code hostData} is where its data comes from or goes to. */
    void start(MemorySegment entry, MemorySegment hostData, LoopConnection.Handler handler) {
        this.hostData = hostData;
        this.handler = handler;
        MemorySegment.copy(entry, 0, sqe().memory(), sqe().base(), Sqe.BYTES);
        if (!queue().parse(this, sqe().sglLength())) {
            return; // it has failed and may serve another command already
        }
        if (dataBytes() == 0) {
            execute();
        } else if (hostData.byteSize() < dataBytes()) {
            fail(Status.DATA_TRANSFER_ERROR, Sqe.SGL_LENGTH);
        } else {
            acquire();
        }
    }

    private void acquire() {
        if (!locate()) {
            return;
        }
        BufferSource source = bufferSource();
        DataBuffer buffer = source.tryAcquire(dataBytes());
        if (buffer != null) {
            run(buffer);
        } else {
            awaited = source;
            source.await(this, dataBytes());
        }
    }

    @Override
    public void granted(DataBuffer buffer) {
        awaited = null;
        run(buffer);
    }

    @Override
    public void turnedAway() {
        awaited = null;
        acquire();
    }

    private void run(DataBuffer buffer) {
        attach(buffer);
        if (direction() == Direction.HOST_TO_CONTROLLER) {
            MemorySegment.copy(hostData, 0, buffer.memory(), buffer.offset(), dataBytes());
        }
        execute();
    }

    /** Copies the data of a command that succeeded to the host. */
    void deliver() {
        DataBuffer buffer = buffer();
        if (buffer != null && direction() == Direction.CONTROLLER_TO_HOST) {
            MemorySegment.copy(buffer.memory(), buffer.offset(), hostData, 0, dataBytes());
        }
    }

    /** The host's side of the command; afterwards it is nobody's. */
    LoopConnection.Handler takeHandler() {
        LoopConnection.Handler owner = handler;
        handler = NOBODY;
        hostData = MemorySegment.NULL;
        return owner;
    }

    /** Leaves the line for a buffer; false: it does not stand there. */
    @Override
    protected boolean abandon() {
        BufferSource source = awaited;
        if (source == null) {
            return false;
        }
        awaited = null;
        source.cancel(this);
        return true;
    }
}
