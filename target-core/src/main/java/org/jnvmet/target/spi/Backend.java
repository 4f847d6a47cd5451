package org.jnvmet.target.spi;

import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The medium behind one namespace. {@link #submit} may come from any loop, many operations at a time
 * and in any order; everything else comes from one control thread at a time.
 */
public interface Backend extends AutoCloseable {
    /** Logical block size as a power of two, 9 .. 12; constant. */
    int blockShift();

    /** Size in logical blocks; may change at {@link #revalidate()}. Any thread. */
    long blocks();

    /** Reads the medium's size anew; true if it changed. */
    boolean revalidate() throws IOException;

    /**
     * Starts one operation. Its range has been checked against {@link #blocks()}. The backend calls
     * {@link BlockOperation#done} exactly once, from any thread, possibly before this method returns.
     */
    void submit(BlockOperation operation);

    /**
     * Whether a COPY from that medium to this one is worth a try, because it moves the data without our
     * memory. Such an operation ends with {@link org.jnvmet.wire.Status#FAST_COPY_NOT_POSSIBLE}, having
     * written whatever part of its range, when it turns out that the media cannot, or when it fails: the
     * caller then reads and writes, and meets the error where it is. Any thread.
     */
    default boolean copies(Backend source) {
        return false;
    }

    /** What the medium is good at; constant. */
    Traits traits();

    /** The block device that direct I/O goes to; null when there is none, or I/O is not direct. Constant. */
    default @Nullable Device device() {
        return null;
    }

    /** Makes everything written durable, as FLUSH does, and releases the medium. No operation is running and none follows. */
    @Override
    void close() throws IOException;

    /**
     * A block device by its number, as {@code /sys/dev/block} lists it.
     *
     * @param file whether the medium is a file on it, not the device itself
     */
    record Device(int major, int minor, boolean file) {}

    /**
     * Facts that Identify Namespace reports.
     *
     * @param volatileCache whether a flush does something
     * @param optimalIoBytes preferred size and granularity of writes, 0 unknown
     * @param physicalBlockBytes what the medium writes atomically
     * @param deallocates whether deallocated blocks really are given back
     * @param readsZeroesAfterDeallocate whether a deallocated block reads as zeroes
     */
    record Traits(
            boolean volatileCache,
            int optimalIoBytes,
            int physicalBlockBytes,
            boolean deallocates,
            boolean readsZeroesAfterDeallocate) {}
}
