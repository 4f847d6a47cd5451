package org.jnvmet.target.spi;

/**
 * Memory of a PCI device, mapped.
 *
 * @param name for people: "the memory of 0000:03:00.0"
 * @param address where this process has it mapped
 * @param bytes of the mapping
 * @param dmaBuf descriptor of the dma-buf that it is, from its first byte on; negative: it is none, and devices
 *     cannot register it
 */
public record DeviceMemory(String name, long address, long bytes, int dmaBuf) {}
