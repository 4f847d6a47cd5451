package org.jnvmet.app.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.host.HostRequest;
import org.jnvmet.wire.DatasetRange;
import org.jnvmet.wire.tcp.Digest;
import org.jspecify.annotations.Nullable;

/**
 * One of the I/Os that a job keeps outstanding: a request and its memory, used again and again. Belongs to the job, but
 * from its submission to its completion to the host.
 */
final class Slot implements HostRequest.Completion {
    private static final long ALIGNMENT = 4096;

    private final Job job;
    private final HostRequest request = new HostRequest(this);
    private final MemorySegment data;
    private final ByteBuffer view;
    private final MemorySegment range;
    private final DatasetRange rangeView;

    Direction direction = Direction.READ;
    long unit;

    /** Whether it is part of reading back what was written. */
    boolean readingBack;

    long startNs;
    long endNs;

    /** Of the job's list of completed slots. */
    @Nullable Slot next;

    Slot(Job job, Arena arena, int bytes) {
        this.job = job;
        data = arena.allocate(bytes, ALIGNMENT);
        view = Digest.view(data);
        range = arena.allocate(DatasetRange.BYTES, Long.BYTES);
        rangeView = new DatasetRange().wrap(range, 0);
    }

    HostRequest request() {
        return request;
    }

    /** The data of a read or write. */
    MemorySegment data() {
        return data;
    }

    /** A buffer over {@link #data}. */
    ByteBuffer view() {
        return view;
    }

    /** The data of a trim. */
    MemorySegment range(long lba, int blocks) {
        rangeView.set(DatasetRange.STARTING_LBA, lba).set(DatasetRange.BLOCKS, blocks);
        return range;
    }

    @Override
    public void onComplete(HostRequest done) {
        job.onComplete(this);
    }
}
