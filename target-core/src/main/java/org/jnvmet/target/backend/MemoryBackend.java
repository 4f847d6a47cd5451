package org.jnvmet.target.backend;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jnvmet.target.memory.AnonymousMemory;
import org.jnvmet.target.posix.Libc;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.wire.Status;

/**
 * A disk of sparse memory: what was never written, or was deallocated, costs nothing. Reads and writes
 * complete before {@link #submit} returns; zeroing of large ranges goes to the workers. A logical block
 * is read and written whole even when several loops are at it ({@link BlockLocks}); larger ranges are
 * not, as AWUN 0 says (Command Set, Atomic Write Unit Normal). Any thread.
 */
final class MemoryBackend implements Backend {
    /** Memory is watched and given back in pieces of a huge page. */
    private static final int CHUNK_SHIFT = 21;

    private static final long CHUNK = 1L << CHUNK_SHIFT;
    private static final int REGION = 1 << BlockLocks.REGION_SHIFT;

    /** Zeroing of more than this does not run on an event loop. */
    private static final long MAX_INLINE_ZEROES = CHUNK;

    private static final Traits TRAITS = new Traits(false, 0, 4096, true, true);
    private static final VarHandle USED = MethodHandles.arrayElementVarHandle(byte[].class);

    private final VolatileSize size;
    private final AnonymousMemory memory;
    private final MemorySegment medium;
    private final BlockLocks locks;
    private final IoWorkers.Lane lane;
    private final byte[] used; // by chunk: 1 since something was written; changes under its locks

    MemoryBackend(VolatileSize size, IoWorkers workers) {
        this.size = size;
        memory = new AnonymousMemory(size.bytes());
        medium = memory.segment();
        locks = new BlockLocks(size.bytes());
        used = new byte[Math.toIntExact((size.bytes() + CHUNK - 1) >>> CHUNK_SHIFT)];
        lane = workers.lane(this::zero);
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
        switch (operation.kind()) {
            case READ -> read(operation);
            case WRITE -> write(operation);
            case FLUSH -> {}
            case WRITE_ZEROES, DEALLOCATE -> {
                if (operation.length() > MAX_INLINE_ZEROES) {
                    lane.submit(operation);
                    return;
                }
                zero(operation);
            }
            case COPY -> {
                operation.done(Status.FAST_COPY_NOT_POSSIBLE);
                return;
            }
        }
        operation.done(Status.SUCCESS);
    }

    @Override
    public Traits traits() {
        return TRAITS;
    }

    @Override
    public void close() {
        memory.close();
    }

    private void read(BlockOperation operation) {
        MemorySegment data = operation.data();
        long to = operation.dataOffset();
        long end = operation.offset() + operation.length();
        for (long from = operation.offset(); from < end; ) {
            long bytes = Math.min(end, endOfRegion(from)) - from;
            if (isUsed(from)) {
                readRegion(from, data, to, bytes);
            } else {
                Zeroes.copyTo(data, to, bytes);
            }
            from += bytes;
            to += bytes;
        }
    }

    private void readRegion(long from, MemorySegment data, long to, long bytes) {
        for (int tries = 0; tries < BlockLocks.OPTIMISTIC_TRIES; tries++) {
            long observed = locks.observe(from);
            MemorySegment.copy(medium, from, data, to, bytes);
            if (locks.unchanged(from, observed)) {
                return;
            }
        }
        locks.lock(from);
        try {
            MemorySegment.copy(medium, from, data, to, bytes);
        } finally {
            locks.unlock(from);
        }
    }

    private void write(BlockOperation operation) {
        MemorySegment data = operation.data();
        long from = operation.dataOffset();
        long end = operation.offset() + operation.length();
        for (long to = operation.offset(); to < end; ) {
            long bytes = Math.min(end, endOfRegion(to)) - to;
            locks.lock(to);
            try {
                if (!isUsed(to)) {
                    USED.setRelease(used, chunk(to), (byte) 1);
                }
                MemorySegment.copy(data, from, medium, to, bytes);
            } finally {
                locks.unlock(to);
            }
            to += bytes;
            from += bytes;
        }
    }

    /** WRITE_ZEROES and DEALLOCATE: both read as zeroes; the second gives pages back, too. */
    private Status zero(BlockOperation operation) {
        boolean giveBack =
                operation.kind() == BlockOperation.Kind.DEALLOCATE || operation.mayDeallocate();
        long end = operation.offset() + operation.length();
        for (long from = operation.offset(); from < end; ) {
            long next = Math.min(end, ((from >>> CHUNK_SHIFT) + 1) << CHUNK_SHIFT);
            if (isUsed(from)) {
                zeroInChunk(from, next, giveBack);
            }
            from = next;
        }
        return Status.SUCCESS;
    }

    private void zeroInChunk(long start, long end, boolean giveBack) {
        // Locks are taken in rising order and never wrap around within a chunk: no deadlock.
        int many = locks.locks();
        long span = Math.min(CHUNK, (long) many << BlockLocks.REGION_SHIFT);
        for (long from = start; from < end; ) {
            long next = Math.min(end, (from / span + 1) * span);
            for (long at = from; at < next; at = endOfRegion(at)) {
                locks.lock(at);
            }
            try {
                zeroLocked(from, next, giveBack);
                if (next - from == Math.min(CHUNK, size.bytes() - from) && from % CHUNK == 0) {
                    USED.setRelease(used, chunk(from), (byte) 0);
                }
            } finally {
                for (long at = from; at < next; at = endOfRegion(at)) {
                    locks.unlock(at);
                }
            }
            from = next;
        }
    }

    private void zeroLocked(long start, long end, boolean giveBack) {
        int page = Libc.pageBytes();
        long firstPage = (start + page - 1) & -page;
        long lastPage = end & -page;
        if (!giveBack || firstPage >= lastPage) {
            medium.asSlice(start, end - start).fill((byte) 0);
            return;
        }
        medium.asSlice(start, firstPage - start).fill((byte) 0);
        memory.giveBack(firstPage, lastPage - firstPage);
        medium.asSlice(lastPage, end - lastPage).fill((byte) 0);
    }

    private boolean isUsed(long offset) {
        return (byte) USED.getAcquire(used, chunk(offset)) != 0;
    }

    private static int chunk(long offset) {
        return (int) (offset >>> CHUNK_SHIFT);
    }

    private static long endOfRegion(long offset) {
        return (offset & -REGION) + REGION;
    }
}
