package org.jnvmet.benchmarks;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedTree;

/**
 * Writes an emulated machine for staging.sh: lo is a NIC and the disk that a file lies on is an SSD with memory, both
 * below one switch.
 */
final class StagingTree {
    private StagingTree() {}

    /** The directory to make, a file on the disk, bytes of memory. */
    public static void main(String[] arguments) throws Exception {
        Path file = Path.of(arguments[1]);
        long memory = Long.parseLong(arguments[2]);
        long device = (Long) Files.getAttribute(file, "unix:dev");
        EmulatedTree tree = EmulatedTree.in(Path.of(arguments[0])).cpu("GenuineIntel", 6);
        EmulatedBus fabric = tree.hostBridge(0, 0).rootPort().below().upstreamPort().below();
        fabric.downstreamPort().below().endpoint().nic().networkInterface("lo");
        fabric.downstreamPort()
                .below()
                .endpoint()
                .nvme()
                .memory(memory)
                .blockDevice("nvme0n1", major(device), minor(device));
    }

    /** As gnu_dev_major of the C library has it. */
    private static int major(long device) {
        return (int) (((device >>> 8) & 0xfff) | ((device >>> 32) & ~0xfffL));
    }

    private static int minor(long device) {
        return (int) ((device & 0xff) | ((device >>> 12) & ~0xffL));
    }
}
