package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.posix.Errno;

/** {@code ports/<id>/subsystems}: links to the subsystems that the port exports. */
final class PortSubsystemsDirectory {
    private PortSubsystemsDirectory() {}

    static DirectorySpec of(Port port) {
        return DirectorySpec.of("subsystems of a port")
                .symlink((_, target) -> {
                    Subsystem subsystem = subsystem(target);
                    port.link(subsystem);
                    return () -> port.unlink(subsystem);
                })
                .build();
    }

    private static Subsystem subsystem(Directory target) {
        return target.subject(Subsystem.class)
                .orElseThrow(() ->
                        new ConfigException(Errno.EINVAL, target.path() + " is no subsystem"));
    }
}
