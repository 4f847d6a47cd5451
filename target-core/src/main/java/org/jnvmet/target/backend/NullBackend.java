package org.jnvmet.target.backend;

import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;

/** Takes every write and forgets it; reads as zeroes. For measuring everything but a medium. */
final class NullBackend implements Backend {
    private static final Traits TRAITS = new Traits(false, 0, 4096, true, true);

    private final VolatileSize size;

    NullBackend(VolatileSize size) {
        this.size = size;
    }

    @Override
    public int blockShift() {
        return size.blockShift();
    }

    @Override
    public long blocks() {
        return size.bytes() >>> size.blockShift();
    }

    @Override
    public boolean revalidate() {
        return false;
    }

    @Override
    public void submit(BlockOperation operation) {
        if (operation.kind() == BlockOperation.Kind.READ) {
            Zeroes.copyTo(operation.data(), operation.dataOffset(), operation.length());
        }
        operation.done(Status.SUCCESS);
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public void close() {}
}
