package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Target;

/** {@code ports}. */
final class PortsDirectory {
    private PortsDirectory() {}

    static DirectorySpec of(Target target) {
        return DirectorySpec.of("ports")
                .mkdir(name -> PortDirectory.of(target.createPort(Parse.u16("port id", name))))
                .build();
    }
}
