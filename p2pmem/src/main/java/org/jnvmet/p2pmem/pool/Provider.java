package org.jnvmet.p2pmem.pool;

import org.jnvmet.p2pmem.pci.PciAddress;

/** A device's memory that can be mapped. Any thread. */
public interface Provider {
    /** The function that has the memory. */
    PciAddress address();

    /** "sysfs" or "dma-buf". */
    String kind();

    /** Bytes of the memory. */
    long bytes();

    /** Bytes that nobody has mapped, now. */
    long availableBytes();

    /** Whether it may be used, now: false also when the device is gone. */
    boolean published();

    /** Descriptor of the dma-buf that the memory is, for devices to register; negative: it is none. */
    int dmaBuf();

    /**
     * Maps that many bytes, a multiple of 4,096, of the memory. Each mapping has memory of its own.
     *
     * @throws PeerMemoryException ENOMEM when there is no room for so many in one piece, ENODEV when the device is gone ...
     */
    Mapping map(long bytes) throws PeerMemoryException;
}
