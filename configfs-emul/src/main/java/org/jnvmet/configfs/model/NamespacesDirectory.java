package org.jnvmet.configfs.model;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Subsystem;

/** {@code subsystems/<nqn>/namespaces}: the directories keep their spelling of the number. */
final class NamespacesDirectory {
    private NamespacesDirectory() {}

    static DirectorySpec of(Subsystem s) {
        return DirectorySpec.of("namespaces")
                .mkdir(name ->
                        NamespaceDirectory.of(s.createNamespace(Parse.u32("namespace id", name))))
                .build();
    }
}
