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
        DEALLOCATE
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

    /** The loop that waits for the result; a stripe or affinity hint. */
    Loop loop();

    /** The operation behind this one in a list of the backend that holds both. */
    @Nullable BlockOperation next();

    /** Links the operations that a backend holds; its own from submission to {@link #done}. */
    void next(@Nullable BlockOperation next);

    /** Reports the result; any thread, exactly once. */
    void done(Status status);
}
