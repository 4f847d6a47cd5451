package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Target;

/** {@code subsystems}. */
final class SubsystemsDirectory {
    private SubsystemsDirectory() {}

    static DirectorySpec of(Target target) {
        return DirectorySpec.of("subsystems")
                .mkdir(name -> SubsystemDirectory.of(target.createSubsystem(name)))
                .build();
    }
}
