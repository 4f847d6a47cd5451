package org.jnvmet.target.spi;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** One operation on a medium, in bytes. Constant from submission to {@link #done}. */
public interface BlockOperation {
    /** What to do. */
    enum Kind {
        READ,
        WRITE,
        /** Everything completed before is on the medium when this is done. Offset and length are 0. */
        FLUSH,
        WRITE_ZEROES,
        /** Give the blocks back where the medium can; success also where it cannot. */
        DEALLOCATE,
        /** Copy from {@link #source}, which {@link Backend#copies} has agreed to. */
        COPY
    }

    Kind kind();

    /** First byte on the medium; a multiple of the block size. */
    long offset();

    /** Bytes on the medium; a multiple of the block size. */
    long length();

    /** Segment with the data of READ and WRITE, {@link #length()} bytes from {@link #dataOffset()}. */
    MemorySegment data();

    /** First byte of the data in {@link #data()}; its native address is aligned to 4,096. */
    long dataOffset();

    /** Whether a WRITE or WRITE_ZEROES must be on the medium before it is done. */
    boolean forceUnitAccess();

    /** WRITE_ZEROES: whether the blocks may be deallocated if they read as zeroes then (DEAC). */
    boolean mayDeallocate();

    /** The medium that COPY reads, perhaps this one; the ranges do not overlap then. */
    default @Nullable Backend source() {
        return null;
    }

    /** First byte on {@link #source}; a multiple of the block size. */
    default long sourceOffset() {
        return 0;
    }

    /** The loop that waits for the result; a stripe or affinity hint. */
    Loop loop();

    /** Whose peer memory the data lies in, which the medium may refuse; null: system memory, which it takes. */
    default @Nullable Placement placement() {
        return null;
    }

    /** The operation behind this one in a list of the backend that holds both. */
    @Nullable BlockOperation next();

    /** Links the operations that a backend holds; its own from submission to {@link #done}. */
    void next(@Nullable BlockOperation next);

    /** Reports the result; any thread, exactly once. */
    void done(Status status);
}
