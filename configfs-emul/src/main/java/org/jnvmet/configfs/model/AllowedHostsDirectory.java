package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Host;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.posix.Errno;

/** {@code subsystems/<nqn>/allowed_hosts}: links to hosts; the names of the links mean nothing. */
final class AllowedHostsDirectory {
    private AllowedHostsDirectory() {}

    static DirectorySpec of(Subsystem subsystem) {
        return DirectorySpec.of("allowed_hosts")
                .symlink((_, target) -> {
                    Host host = host(target);
                    subsystem.allowHost(host);
                    return () -> subsystem.disallowHost(host);
                })
                .build();
    }

    private static Host host(Directory target) {
        return target.subject(Host.class)
                .orElseThrow(
                        () -> new ConfigException(Errno.EINVAL, target.path() + " is no host"));
    }
}
