package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** One operation of a test on a {@link Backend}; its data lies where no other operation's does. */
public final class MediumOperation implements BlockOperation {
    private static final int ALIGNMENT = 4096;
    private static final int TIMEOUT_S = 60;

    private final Kind kind;
    private final long offset;
    private final long length;
    private final MemorySegment data;
    private final boolean forceUnitAccess;
    private final boolean mayDeallocate;
    private final @Nullable Backend source;
    private final long sourceOffset;
    private final AtomicInteger ends = new AtomicInteger();
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile Status status = Status.INTERNAL_ERROR;
    private @Nullable BlockOperation next;

    private MediumOperation(
            Kind kind, long offset, long length, boolean force, boolean deallocate) {
        source = null;
        sourceOffset = 0;
        this.kind = kind;
        this.offset = offset;
        this.length = length;
        forceUnitAccess = force;
        mayDeallocate = deallocate;
        boolean hasData = kind == Kind.READ || kind == Kind.WRITE;
        // A page of its own in front: a backend that forgets dataOffset() is found out.
        data =
                hasData
                        ? Arena.ofAuto().allocate(ALIGNMENT + length, ALIGNMENT)
                        : MemorySegment.NULL;
    }

    private MediumOperation(Backend source, long sourceOffset, long offset, long length) {
        this.source = source;
        this.sourceOffset = sourceOffset;
        this.offset = offset;
        this.length = length;
        kind = Kind.COPY;
        data = MemorySegment.NULL;
        forceUnitAccess = false;
        mayDeallocate = false;
    }

    public static MediumOperation copy(Backend source, long sourceOffset, long offset, long bytes) {
        return new MediumOperation(source, sourceOffset, offset, bytes);
    }

    public static MediumOperation read(long offset, int bytes) {
        return new MediumOperation(Kind.READ, offset, bytes, false, false);
    }

    public static MediumOperation write(long offset, byte[] bytes, boolean forceUnitAccess) {
        var write = new MediumOperation(Kind.WRITE, offset, bytes.length, forceUnitAccess, false);
        MemorySegment.copy(bytes, 0, write.data, ValueLayout.JAVA_BYTE, ALIGNMENT, bytes.length);
        return write;
    }

    public static MediumOperation flush() {
        return new MediumOperation(Kind.FLUSH, 0, 0, false, false);
    }

    public static MediumOperation writeZeroes(
            long offset, long bytes, boolean forceUnitAccess, boolean mayDeallocate) {
        return new MediumOperation(
                Kind.WRITE_ZEROES, offset, bytes, forceUnitAccess, mayDeallocate);
    }

    public static MediumOperation deallocate(long offset, long bytes) {
        return new MediumOperation(Kind.DEALLOCATE, offset, bytes, false, false);
    }

    /** Submits the operation without waiting for its end. */
    public MediumOperation start(Backend backend) {
        backend.submit(this);
        return this;
    }

    /** Waits for the end: the status of the operation. */
    public Status await() {
        try {
            assertThat(ended.await(TIMEOUT_S, TimeUnit.SECONDS)).as("ended in time").isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        assertThat(ends.get()).as("times that done was called").isEqualTo(1);
        return status;
    }

    /** Runs the operation: its status. */
    public Status run(Backend backend) {
        return start(backend).await();
    }

    /** What a READ has read. */
    public byte[] bytes() {
        return data.asSlice(ALIGNMENT, length).toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public Kind kind() {
        return kind;
    }

    @Override
    public long offset() {
        return offset;
    }

    @Override
    public long length() {
        return length;
    }

    @Override
    public MemorySegment data() {
        return data;
    }

    @Override
    public long dataOffset() {
        return ALIGNMENT;
    }

    @Override
    public @Nullable Backend source() {
        return source;
    }

    @Override
    public long sourceOffset() {
        return sourceOffset;
    }

    @Override
    public boolean forceUnitAccess() {
        return forceUnitAccess;
    }

    @Override
    public boolean mayDeallocate() {
        return mayDeallocate;
    }

    @Override
    public Loop loop() {
        throw new UnsupportedOperationException("this operation waits on no loop");
    }

    @Override
    public @Nullable BlockOperation next() {
        return next;
    }

    @Override
    public void next(@Nullable BlockOperation next) {
        this.next = next;
    }

    @Override
    public void done(Status result) {
        status = result;
        ends.incrementAndGet();
        ended.countDown();
    }

    @Override
    public String toString() {
        return "%s of %d bytes at %d".formatted(kind, length, offset);
    }
}
