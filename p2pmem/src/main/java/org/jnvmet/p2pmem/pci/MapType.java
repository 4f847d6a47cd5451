package org.jnvmet.p2pmem.pci;

/** How a client reaches a provider's memory; the better first. */
public enum MapType {
    /** By its bus address, through switches only. */
    BUS_ADDR,
    /** Through the host bridge, which is known to route between its ports. */
    THRU_HOST_BRIDGE,
    /** Not at all, for all that is known. */
    NOT_SUPPORTED
}
