package org.jnvmet.verbs;

import com.ibm.disni.verbs.IbvContext;
import java.io.IOException;

/**
 * An open RDMA device, as {@link com.ibm.disni.verbs.RdmaCmId#getVerbs()} returns it: always the same
 * object for the same device as long as it is there.
 */
public abstract class Device extends IbvContext {
    /** For providers, in {@link VerbsProvider#make}. */
    protected Device(int commandDescriptor, int completionVectors) throws IOException {
        super(commandDescriptor, completionVectors);
    }

    /** As {@code rdma link} lists it: "mlx5_0", "rxe0". */
    public abstract String name();

    /** What it can do. */
    public abstract Limits limits();

    /** Descriptor that is readable when {@link Verbs#getAsyncEvent} has an event. */
    public abstract int asyncDescriptor();

    /**
     * Greatest numbers of a device.
     *
     * @param queuePairEntries work requests of a send or receive queue
     * @param scatterEntries segments of a work request
     * @param readScatterEntries segments of an RDMA READ
     * @param completionEntries of a completion queue
     * @param memoryRegionBytes of one registration
     * @param responderDepth RDMA READs of the other side that a queue pair serves
     * @param initiatorDepth RDMA READs that a queue pair has under way
     * @param sharedReceiveEntries of a shared receive queue; 0: there are none
     * @param iwarp whether it is iWARP, where what an RDMA READ fills must be registered for remote writes
     * @param software whether the processor moves the data (rxe, siw): no client of peer memory
     */
    public record Limits(
            int queuePairEntries,
            int scatterEntries,
            int readScatterEntries,
            int completionEntries,
            long memoryRegionBytes,
            int responderDepth,
            int initiatorDepth,
            int sharedReceiveEntries,
            boolean iwarp,
            boolean software) {}

    @Override
    public String toString() {
        return name();
    }
}
