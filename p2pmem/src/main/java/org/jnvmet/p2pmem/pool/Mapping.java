package org.jnvmet.p2pmem.pool;

import java.lang.foreign.MemorySegment;
import net.openhft.chronicle.bytes.BytesStore;

/** A piece of a provider's memory in this process's address space, until it is closed. */
public interface Mapping extends AutoCloseable {
    /** Native address, a multiple of 4,096. */
    long address();

    long bytes();

    /** The same memory as one segment, always the same object, which fails after {@link #close}. */
    MemorySegment segment();

    /** The same memory for access by the processor, which is slow. */
    BytesStore<?, ?> store();

    /** Unmaps; nobody may touch it any more. */
    @Override
    void close();
}
