package org.jnvmet.p2pmem;

import java.io.IOException;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.UnaryOperator;
import org.jnvmet.target.Request;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BackendFactory;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.IoOpcode;
import org.jspecify.annotations.Nullable;

/**
 * The real media, and beside them a count of where the data of hosts' commands lay: what the counters of the
 * product are measured by.
 */
final class WatchedBackends implements BackendFactory {
    final LongAdder peerBytes = new LongAdder();
    final LongAdder peerCommands = new LongAdder();
    final LongAdder systemBytes = new LongAdder();
    final LongAdder systemCommands = new LongAdder();

    /** Pieces that Compare commands read for themselves. */
    final LongAdder compares = new LongAdder();

    private final BackendFactory media;

    /** What is put between the target and the media that are opened from now on. */
    volatile UnaryOperator<Backend> between = medium -> medium;

    WatchedBackends(BackendFactory media) {
        this.media = media;
    }

    @Override
    public @Nullable Backend open(String path, boolean buffered) {
        Backend medium = media.open(path, buffered);
        return medium == null ? null : new Watched(between.apply(medium));
    }

    private void count(BlockOperation operation) {
        boolean hosts = operation instanceof Request;
        boolean data =
                operation.kind() == BlockOperation.Kind.READ
                        || operation.kind() == BlockOperation.Kind.WRITE;
        if (hosts && data) {
            boolean peer = operation.placement() != null;
            (peer ? peerBytes : systemBytes).add(operation.length());
            (peer ? peerCommands : systemCommands).increment();
            if (((Request) operation).sqe().opcode() == IoOpcode.COMPARE) {
                compares.increment();
            }
        }
    }

    private final class Watched extends Between {
        private Watched(Backend medium) {
            super(medium);
        }

        @Override
        public void submit(BlockOperation operation) {
            count(operation);
            super.submit(operation);
        }
    }

    /** A medium in front of another. */
    static class Between implements Backend {
        final Backend medium;

        Between(Backend medium) {
            this.medium = medium;
        }

        @Override
        public int blockShift() {
            return medium.blockShift();
        }

        @Override
        public long blocks() {
            return medium.blocks();
        }

        @Override
        public boolean revalidate() throws IOException {
            return medium.revalidate();
        }

        @Override
        public void submit(BlockOperation operation) {
            medium.submit(operation);
        }

        @Override
        public Traits traits() {
            return medium.traits();
        }

        @Override
        public @Nullable Device device() {
            return medium.device();
        }

        @Override
        public void close() throws IOException {
            medium.close();
        }
    }
}
