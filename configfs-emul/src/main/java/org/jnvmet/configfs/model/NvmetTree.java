package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Target;

/** The directory {@code nvmet} of a target: the root of the tree. */
public final class NvmetTree {
    private NvmetTree() {}

    /** The tree of a target that nothing has been configured in yet; the only way to configure it from now on. */
    public static ConfigTree of(Target target) {
        return new ConfigTree(
                DirectorySpec.of(target)
                        .readWrite(
                                "discovery_nqn",
                                target::discoveryNqn,
                                text -> target.discoveryNqn(Parse.line(text)))
                        .group("hosts", HostsDirectory.of(target))
                        .group("p2pmem", PeerMemoryDirectory.of(target))
                        .group("ports", PortsDirectory.of(target))
                        .group("subsystems", SubsystemsDirectory.of(target))
                        .build());
    }
}
