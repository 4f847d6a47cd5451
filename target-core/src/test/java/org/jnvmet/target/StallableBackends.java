package org.jnvmet.target;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BackendFactory;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** Real media that can be made to keep their operations, or to fail them. */
final class StallableBackends implements BackendFactory {
    private final BackendFactory real;
    private final ArrayDeque<Runnable> stalled = new ArrayDeque<>();
    private boolean stalling;

    /** Every operation that was submitted, by kind. */
    final List<BlockOperation.Kind> operations = new ArrayList<>();

    /** Whose peer memory the data of every operation was in. */
    final List<Optional<Placement>> placements = new ArrayList<>();

    /** FUA and DEAC of every operation that was submitted. */
    final List<String> flags = new ArrayList<>();

    /** Whether operations are noted. */
    boolean noting = true;

    /** The medium has a bug. */
    boolean throwing;

    /** Null: operations run. */
    @Nullable Status failure;

    /** Operations that {@link #failure} is for; the others run. */
    Predicate<BlockOperation> failing = _ -> true;

    StallableBackends(BackendFactory real) {
        this.real = real;
    }

    /** From now on operations are kept. */
    void stall() {
        stalling = true;
    }

    int stalled() {
        return stalled.size();
    }

    /** Runs what was kept. */
    void resume() {
        stalling = false;
        for (Runnable next = stalled.poll(); next != null; next = stalled.poll()) {
            next.run();
        }
    }

    @Override
    public @Nullable Backend open(String path, boolean buffered) {
        Backend backend = real.open(path, buffered);
        return backend == null ? null : new Stallable(backend);
    }

    private void note(BlockOperation operation) {
        operations.add(operation.kind());
        placements.add(Optional.ofNullable(operation.placement()));
        String fua = operation.forceUnitAccess() ? "FUA " : "";
        String deac = operation.mayDeallocate() ? "DEAC" : "";
        flags.add((fua + deac).trim());
    }

    private final class Stallable implements Backend {
        private final Backend backend;

        private Stallable(Backend backend) {
            this.backend = backend;
        }

        @Override
        public int blockShift() {
            return backend.blockShift();
        }

        @Override
        public long blocks() {
            return backend.blocks();
        }

        @Override
        public boolean revalidate() throws IOException {
            return backend.revalidate();
        }

        @Override
        public void submit(BlockOperation operation) {
            if (throwing) {
                throw new IllegalStateException("a bug, as the test wants it");
            }
            if (noting) {
                note(operation);
            }
            Status status = failure;
            if (status != null && failing.test(operation)) {
                operation.done(status);
            } else if (stalling) {
                stalled.add(() -> backend.submit(operation));
            } else {
                backend.submit(operation);
            }
        }

        @Override
        public Traits traits() {
            return backend.traits();
        }

        @Override
        public void close() throws IOException {
            backend.close();
        }
    }
}
