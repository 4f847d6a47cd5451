package org.jnvmet.p2pmem.pci;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Host bridges that are known to route requests between their root ports. Nothing in the configuration
 * space tells; the list is the one that the Linux kernel goes by (7.3), told by the first device of the
 * root bus. Some root buses begin with an integrated accelerator (DSA, IAA, QAT) instead of a bridge.
 *
 * <p>All generations of the accelerators that the kernel names are here. Not here: QAT's virtual functions
 * and accelerators of processors for clients, which the kernel does not list either.
 */
public final class HostBridges {
    private static final int INTEL = 0x8086;
    private static final int GOOGLE = 0x1ae0;
    private static final int NVIDIA = 0x10de;

    /** Xeon E5 and E5 v3, which do not route between sockets. */
    private static final Set<Integer> INTEL_ONE_BRIDGE = Set.of(0x3c00, 0x3c01, 0x2f00, 0x2f01);

    private static final Set<Integer> INTEL_ALL =
            Set.of(
                    // Skylake-E
                    0x2030,
                    0x2031,
                    0x2032,
                    0x2033,
                    0x2020,
                    // Ice Lake and later
                    0x09a2,
                    // Data Streaming Accelerator: Sapphire Rapids, Granite Rapids D, Diamond Rapids
                    0x0b25,
                    0x11fb,
                    0x1212,
                    // In-Memory Analytics Accelerator: Sapphire Rapids, Diamond Rapids
                    0x0cfe,
                    0x1216,
                    // QuickAssist 4xxx, 401xx, 402xx, 420xx, 6xxx
                    0x4940,
                    0x4942,
                    0x4944,
                    0x4946,
                    0x4948);

    /** Root ports of Grace. */
    private static final Set<Integer> NVIDIA_ALL = Set.of(0x2f95, 0x2f96, 0x2f97, 0x2f98);

    /** How far a host bridge routes. */
    public enum Routes {
        NOT_LISTED,
        /** Between its own root ports, not to those of another host bridge. */
        WITHIN,
        EVERYWHERE
    }

    private HostBridges() {}

    /** How far the host bridge of that name routes. */
    public static Routes routes(PciTree tree, String hostBridge) {
        return routes(tree.firstOfRootBus(hostBridge));
    }

    /** By the first device of the root bus; null: there is none. */
    static Routes routes(@Nullable PciFunction first) {
        if (first == null || !representsBridge(first)) {
            return Routes.NOT_LISTED;
        }
        return switch (first.vendor()) {
            case INTEL ->
                    INTEL_ONE_BRIDGE.contains(first.device())
                            ? Routes.WITHIN
                            : listed(INTEL_ALL.contains(first.device()));
            case GOOGLE -> Routes.EVERYWHERE;
            case NVIDIA -> listed(NVIDIA_ALL.contains(first.device()));
            default -> Routes.NOT_LISTED;
        };
    }

    private static Routes listed(boolean is) {
        return is ? Routes.EVERYWHERE : Routes.NOT_LISTED;
    }

    private static boolean representsBridge(PciFunction first) {
        return first.kind() == PciFunction.Kind.ROOT_PORT
                || (first.address().device() == 0 && first.address().function() == 0);
    }
}
