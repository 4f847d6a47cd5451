package org.jnvmet.configfs.model;

import java.util.stream.Stream;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.AnaState;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.posix.Errno;

/** {@code ports/<id>/ana_groups} and {@code ana_groups/<id>}; group 1 is always there. */
final class AnaGroupsDirectory {
    private AnaGroupsDirectory() {}

    static DirectorySpec of(Port port) {
        return DirectorySpec.of("ana_groups")
                .group("1", group(port, 1))
                .mkdir(name -> {
                    int group = Parse.saturatedU32("ANA group", name);
                    port.createAnaGroup(group);
                    return group(port, group);
                })
                .build();
    }

    private static DirectorySpec group(Port port, int group) {
        return DirectorySpec.of("ANA group")
                .readWrite(
                        "ana_state",
                        () -> port.anaState(group).text(),
                        t -> port.anaState(group, state(t)))
                .rmdir(() -> port.removeAnaGroup(group))
                .build();
    }

    private static AnaState state(String text) {
        String word = Parse.word("ana_state", text);
        return Stream.of(AnaState.values())
                .filter(state -> state.text().equals(word))
                .findFirst()
                .orElseThrow(() ->
                        new ConfigException(
                                Errno.EINVAL, "ana_state: \"%s\" is no ANA state".formatted(word)));
    }
}
