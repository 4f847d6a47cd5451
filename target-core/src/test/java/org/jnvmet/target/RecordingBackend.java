package org.jnvmet.target;

import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;

/** A medium without data: notes revalidation and closing. */
final class RecordingBackend implements Backend {
    final String path;
    final boolean buffered;
    volatile long blocks = 100;
    volatile long nextBlocks = 100;
    volatile boolean closed;

    RecordingBackend(String path, boolean buffered) {
        this.path = path;
        this.buffered = buffered;
    }

    @Override
    public int blockShift() {
        return 12;
    }

    @Override
    public long blocks() {
        return blocks;
    }

    @Override
    public boolean revalidate() {
        boolean changed = blocks != nextBlocks;
        blocks = nextBlocks;
        return changed;
    }

    @Override
    public void submit(BlockOperation operation) {
        operation.done(Status.SUCCESS);
    }

    @Override
    public Traits traits() {
        return new Traits(false, 0, 4096, false, false);
    }

    @Override
    public void close() {
        closed = true;
    }
}
