package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Host;
import org.jnvmet.target.Target;

/** {@code hosts} and {@code hosts/<nqn>}, which so far has nothing but its name. */
final class HostsDirectory {
    private HostsDirectory() {}

    static DirectorySpec of(Target target) {
        return DirectorySpec.of("hosts")
                .mkdir(name -> host(target, target.createHost(name)))
                .build();
    }

    private static DirectorySpec host(Target target, Host host) {
        return DirectorySpec.of(host).rmdir(() -> target.removeHost(host)).build();
    }
}
