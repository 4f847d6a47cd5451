package org.jnvmet.p2pmem.pci;

import org.jspecify.annotations.Nullable;

/**
 * Who does DMA to peer memory. One of {@code function} and {@code whyNot} is null.
 *
 * @param name in words: "namespace 1 of nqn...", "interface eth0"
 * @param function the PCI function that does the DMA
 * @param whyNot why it cannot be a client: "dm-0 is made of other devices (device-mapper): ..."
 */
public record Client(String name, @Nullable PciFunction function, @Nullable String whyNot) {
    public static Client of(String name, PciFunction function) {
        return new Client(name, function, null);
    }

    public static Client none(String name, String whyNot) {
        return new Client(name, null, whyNot);
    }
}
