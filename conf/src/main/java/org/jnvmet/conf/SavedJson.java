package org.jnvmet.conf;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Snapshot;

/**
 * Writes a tree in nvmetcli's JSON: keys sorted, indented by two, one final newline, ASCII only. Settings that
 * nvmetcli does not know stand beside those that it knows.
 */
public final class SavedJson {
    private static final Gson GSON =
            new GsonBuilder().setPrettyPrinting().disableHtmlEscaping().create();

    /** How the tree shows a path that is not set. */
    static final String UNSET = "(null)";

    private SavedJson() {}

    /** The text that {@code nvmetcli save} would write of {@code tree}. */
    public static String of(ConfigTree tree) {
        return ascii(GSON.toJson(object(Shape.ROOT, tree.snapshot(tree.root())))) + "\n";
    }

    private static Map<String, Object> object(Shape shape, Snapshot directory) {
        Map<String, Object> object = new TreeMap<>();
        if (!shape.id().isEmpty()) {
            object.put(shape.id(), shape.numericId() ? number(directory.name()) : directory.name());
        }
        directory.settings().forEach((name, value) -> setting(object, shape, name, value.strip()));
        for (Snapshot group : directory.directories()) {
            Shape below = shape.lists().get(group.name());
            if (below != null) {
                object.put(group.name(), objects(below, group));
            } else if (shape.links().containsKey(group.name())) {
                object.put(
                        group.name(),
                        group.links().values().stream().map(TreeImage::name).sorted().toList());
            }
        }
        return object;
    }

    private static List<Map<String, Object>> objects(Shape shape, Snapshot group) {
        List<Snapshot> sorted = new ArrayList<>(group.directories());
        sorted.sort(Comparator.comparing(Snapshot::name, TreeImage.NAME_ORDER));
        return sorted.stream().map(directory -> object(shape, directory)).toList();
    }

    private static void setting(
            Map<String, Object> object, Shape shape, String name, String value) {
        if (value.isEmpty() || value.equals(UNSET)) {
            return;
        }
        int split = name.indexOf('_');
        String prefix = split < 0 ? "" : name.substring(0, split);
        if (!shape.prefixes().contains(prefix)) {
            object.put(name, number(value));
            return;
        }
        group(object, prefix).put(name.substring(split + 1), value);
        if (shape.repeated().contains(name)) {
            object.put(name, number(value));
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> group(Map<String, Object> object, String prefix) {
        return (Map<String, Object>)
                object.computeIfAbsent(prefix, _ -> new TreeMap<String, Object>());
    }

    /** A number where the text is the plain form of one. */
    private static Object number(String text) {
        if (TreeImage.isNumber(text)) {
            return Long.parseLong(text);
        }
        return text;
    }

    private static String ascii(String json) {
        StringBuilder text = new StringBuilder(json.length());
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c < 0x80) {
                text.append(c);
            } else {
                text.append("\\u%04x".formatted((int) c));
            }
        }
        return text.toString();
    }
}
