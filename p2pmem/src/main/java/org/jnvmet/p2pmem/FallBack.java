package org.jnvmet.p2pmem;

import java.util.Locale;

/** Why the data of a command that could have been staged in peer memory is in system memory. */
enum FallBack {
    /** No peer buffer was free, or the provider had no memory left to map. */
    EXHAUSTED(1),
    /** The kernel refused direct I/O with the memory. */
    REFUSED(2),
    /** No published provider reaches the network interface and the namespaces. */
    UNREACHABLE(3),
    /** The provider is gone, or published no longer. */
    VANISHED(4),
    /** The self-check did not find the right data in the memory. */
    DIFFERS(5),
    /** The data is longer than the largest piece of the memory. */
    TOO_LARGE(6),
    /** The network interface, or a namespace, is no PCI device that could do the DMA. */
    NOT_ELIGIBLE(7),
    /** The RDMA device of the port cannot register the memory. */
    NOT_REGISTRABLE(8);

    private final int pair;

    FallBack(int pair) {
        this.pair = pair;
    }

    /** Its place among the counts of a {@link Tally}, from 1. */
    int pair() {
        return pair;
    }

    /** As {@code p2pmem_status} spells it. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }
}
