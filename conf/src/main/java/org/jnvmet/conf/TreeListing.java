package org.jnvmet.conf;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Snapshot;

/** Draws a tree as {@code nvmetcli ls} does: a line for each directory and link, with what matters of it. */
public final class TreeListing {
    private static final int WIDTH = 100;

    /** Settings that are worth a place in the line, under the names that they have there. */
    private static final List<Map.Entry<String, String>> SHOWN =
            List.of(
                    Map.entry("attr_version", "version"),
                    Map.entry("attr_allow_any_host", "allow_any"),
                    Map.entry("attr_serial", "serial"),
                    Map.entry("device_path", "path"),
                    Map.entry("device_uuid", "uuid"),
                    Map.entry("device_nguid", "nguid"),
                    Map.entry("ana_grpid", "grpid"),
                    Map.entry("addr_trtype", "trtype"),
                    Map.entry("addr_traddr", "traddr"),
                    Map.entry("addr_trsvcid", "trsvcid"),
                    Map.entry("param_inline_data_size", "inline_data_size"),
                    Map.entry("ana_state", "state"));

    private static final String NO_NGUID = "00000000-0000-0000-0000-000000000000";

    private final StringBuilder text = new StringBuilder();

    private TreeListing() {}

    /** The whole of {@code tree}, one line for each thing. */
    public static String of(ConfigTree tree) {
        TreeListing listing = new TreeListing();
        listing.line("", "/", "");
        listing.children("  ", tree.snapshot(tree.root()));
        return listing.text.toString();
    }

    private void children(String indent, Snapshot directory) {
        List<Snapshot> below = new ArrayList<>(directory.directories());
        below.sort(Comparator.comparing(Snapshot::name, TreeImage.NAME_ORDER));
        List<String> links =
                directory.links().values().stream().map(TreeImage::name).sorted().toList();
        int left = below.size() + links.size();
        for (Snapshot child : below) {
            left--;
            line(indent, child.name(), summary(child));
            children(indent + (left > 0 ? "| " : "  "), child);
        }
        links.forEach(link -> line(indent, link, ""));
    }

    private void line(String indent, String name, String summary) {
        String head = indent + "o- " + name + " ";
        String tail = " [" + (summary.isEmpty() ? "..." : summary) + "]";
        text.append(head)
                .append(".".repeat(Math.max(3, WIDTH - head.length() - tail.length())))
                .append(tail)
                .append('\n');
    }

    private static String summary(Snapshot directory) {
        List<String> facts = new ArrayList<>();
        SHOWN.forEach(shown -> {
            String value = directory.settings().getOrDefault(shown.getKey(), "").strip();
            if (!value.isEmpty() && !value.equals(NO_NGUID)) {
                facts.add(shown.getValue() + "=" + value);
            }
        });
        String enable = directory.settings().get("enable");
        if (enable != null) {
            facts.add(enable.equals("1") ? "enabled" : "disabled");
        }
        return String.join(", ", facts);
    }
}
