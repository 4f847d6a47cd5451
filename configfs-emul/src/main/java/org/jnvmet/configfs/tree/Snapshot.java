package org.jnvmet.configfs.tree;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jnvmet.target.ConfigException;

/**
 * A directory and all below it at about one time, for savers and listings: what people have made and set, without
 * directories that the system fills.
 *
 * @param settings readable and writable attributes with their texts, without the final newline
 * @param links names of links with the paths of their targets from the root
 */
public record Snapshot(
        String name,
        boolean isDefaultGroup,
        SequencedMap<String, String> settings,
        SequencedMap<String, String> links,
        List<Snapshot> directories) {
    static Snapshot of(ConfigTree tree, Directory directory) {
        var settings = new LinkedHashMap<String, String>();
        var links = new LinkedHashMap<String, String>();
        var directories = new ArrayList<Snapshot>();
        for (Node node : tree.list(directory)) {
            if (!node.isLive()) {
                continue;
            }
            switch (node) {
                case Attribute attribute when attribute.isSetting() ->
                        settings.put(attribute.name(), attribute.show());
                case Attribute _ -> {}
                case Link link -> links.put(link.name(), link.target().path());
                case Directory facts when facts.isFilledBySystem() -> {}
                case Directory below -> addUnlessGone(directories, tree, below);
            }
        }
        return new Snapshot(
                directory.name(),
                directory.isDefaultGroup(),
                settings,
                links,
                List.copyOf(directories));
    }

    private static void addUnlessGone(
            List<Snapshot> directories, ConfigTree tree, Directory directory) {
        try {
            directories.add(of(tree, directory));
        } catch (ConfigException refused) {
            if (directory.isLive()) {
                throw refused;
            }
        }
    }
}
