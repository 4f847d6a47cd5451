package org.jnvmet.app.p2p;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * A topology as a drawing (SVG 1.1) that needs nothing from anywhere: host bridges at the left, what is
 * below a bridge to its right. Colours follow the reader's preference for light or dark.
 */
final class TopologyDrawing {
    private static final int MARGIN = 20;
    private static final int HEAD = 84;
    private static final int LINE = 16;
    private static final int PADDING = 8;
    private static final int ROW_GAP = 10;
    private static final int COLUMN_GAP = 44;

    /** Width of a character of the fixed pitch font at 12 pixels, with room to spare. */
    private static final double CHARACTER = 7.4;

    /** Colours as such, not as variables: not only browsers show drawings. */
    private static final String STYLE =
            """
            svg { color-scheme: light dark; }
            text { font: 12px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #4b5563; white-space: pre; }
            .name { fill: #1f2937; font-weight: bold; }
            .warn { fill: #b45309; font-weight: bold; }
            .title { font-size: 16px; }
            rect { fill: #f3f4f6; stroke: #9ca3af; stroke-width: 1; rx: 5px; }
            .client { stroke: #1d4ed8; stroke-width: 2; stroke-dasharray: 6 2; }
            .provider { fill: #d1fae5; stroke: #047857; stroke-width: 2; }
            .page { fill: #ffffff; stroke: none; }
            path { fill: none; stroke: #9ca3af; stroke-width: 1.5; }
            @media (prefers-color-scheme: dark) {
              text { fill: #cbd5e1; }
              .name { fill: #f3f4f6; }
              .warn { fill: #fbbf24; }
              rect { fill: #1f2937; stroke: #6b7280; }
              .client { stroke: #60a5fa; }
              .provider { fill: #064e3b; stroke: #34d399; }
              .page { fill: #111827; stroke: none; }
              path { stroke: #6b7280; }
            }
            """;

    private final Topology topology;
    private final List<Integer> columnWidths = new ArrayList<>();
    private final StringBuilder shapes = new StringBuilder();
    private int nextY = HEAD;

    TopologyDrawing(Topology topology) {
        this.topology = topology;
    }

    /**
     * What is drawn in a box.
     *
     * @param lines its text, the name first
     * @param warning the index of the line that is a warning, -1: none
     */
    private record Box(String style, List<String> lines, int warning, List<Box> below) {
        int width() {
            int characters = lines.stream().mapToInt(String::length).max().orElse(0);
            return (int) Math.ceil(characters * CHARACTER) + 2 * PADDING;
        }

        int height() {
            return lines.size() * LINE + PADDING;
        }
    }

    String svg() {
        List<Box> roots = topology.bridges().stream().map(TopologyDrawing::box).toList();
        roots.forEach(root -> measure(root, 0));
        for (Box root : roots) {
            draw(root, 0, MARGIN);
            nextY += 2 * ROW_GAP;
        }
        List<String> footer = footer();
        int footerY = nextY + LINE;
        for (String line : footer) {
            nextY += LINE;
            text("", MARGIN, nextY, line);
        }
        int width = Math.max(width(), longest(footer) + 2 * MARGIN);
        int height = Math.max(nextY, footerY) + MARGIN;
        return """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="%1$d" height="%2$d" viewBox="0 0 %1$d %2$d" role="img">
        <title>PCI peer memory: %3$s</title>
        <style>
        %4$s</style>
        <rect class="page" x="0" y="0" width="%1$d" height="%2$d"/>
        <text class="name title" x="%5$d" y="32">PCI peer memory: %3$s</text>
        <rect class="provider" x="%5$d" y="46" width="14" height="14"/><text x="40" y="58">provider: has peer memory</text>
        <rect class="client" x="250" y="46" width="14" height="14"/><text x="270" y="58">client: disk or interface</text>
        <text class="warn" x="490" y="58">ACS redirects</text><text x="592" y="58">requests go up to the host bridge</text>
        %6$s</svg>
        """
                .formatted(
                        Math.max(width, 860),
                        height,
                        escape(topology.tree().root().toString()),
                        STYLE,
                        MARGIN,
                        shapes);
    }

    private List<String> footer() {
        List<String> lines = new ArrayList<>();
        lines.add(topology.processor());
        topology.tree().remarks().forEach(remark -> lines.add("Remark: " + remark + "."));
        return lines;
    }

    private int width() {
        int width = 2 * MARGIN;
        for (int column : columnWidths) {
            width += column + COLUMN_GAP;
        }
        return width;
    }

    private static int longest(List<String> lines) {
        return (int) Math.ceil(lines.stream().mapToInt(String::length).max().orElse(0) * CHARACTER);
    }

    private static Box box(Topology.Bridge bridge) {
        return new Box(
                "bridge",
                List.of(bridge.name(), "host bridge", bridge.routing()),
                -1,
                bridge.functions().stream().map(TopologyDrawing::box).toList());
    }

    private static Box box(Topology.Node node) {
        List<String> lines = new ArrayList<>();
        lines.add(node.address());
        lines.add(node.kind() + " " + node.ids());
        if (!node.devices().isEmpty()) {
            lines.add(String.join(" ", node.devices()));
        }
        if (node.function().memory() != null) {
            lines.add(node.role().split(";", 2)[0]);
        }
        int warning = -1;
        if (node.function().acs().redirects()) {
            warning = lines.size();
            lines.add("ACS " + node.acs());
        }
        String style =
                (node.function().isProvider() ? "provider " : "")
                        + (node.isClient() ? "client" : "");
        return new Box(
                style.strip(),
                lines,
                warning,
                node.below().stream().map(TopologyDrawing::box).toList());
    }

    private void measure(Box box, int column) {
        if (columnWidths.size() == column) {
            columnWidths.add(0);
        }
        columnWidths.set(column, Math.max(columnWidths.get(column), box.width()));
        box.below.forEach(each -> measure(each, column + 1));
    }

    /** Draws what is below first, then the box at the middle of it; answers the box's middle. */
    private int draw(Box box, int column, int x) {
        int top = nextY;
        int right = x + columnWidths.get(column);
        List<Integer> middles = new ArrayList<>();
        for (Box each : box.below) {
            middles.add(draw(each, column + 1, right + COLUMN_GAP));
        }
        int middle =
                middles.isEmpty()
                        ? top + box.height() / 2
                        : Math.max(
                                (middles.getFirst() + middles.getLast()) / 2,
                                top + box.height() / 2);
        nextY = Math.max(nextY, middle + box.height() / 2 + ROW_GAP);
        for (int to : middles) {
            int bend = right + COLUMN_GAP / 2;
            shapes.append(
                    "<path d=\"M%d %dH%dV%dH%d\"/>%n"
                            .formatted(right, middle, bend, to, right + COLUMN_GAP));
        }
        draw(box, x, middle - box.height() / 2, columnWidths.get(column));
        return middle;
    }

    private void draw(Box box, int x, int y, int width) {
        shapes.append(
                "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>%n"
                        .formatted(box.style, x, y, width, box.height()));
        for (int i = 0; i < box.lines.size(); i++) {
            String style = i == 0 ? "name" : i == box.warning ? "warn" : "";
            text(style, x + PADDING, y + (i + 1) * LINE, box.lines.get(i));
        }
    }

    private void text(String style, int x, int y, String text) {
        shapes.append(
                String.format(
                        Locale.ROOT,
                        "<text class=\"%s\" x=\"%d\" y=\"%d\">%s</text>%n",
                        style,
                        x,
                        y,
                        escape(text)));
    }

    /** Names come from files: what is not text in XML becomes a question mark. */
    private static String escape(String text) {
        return text.replaceAll("[^\\t\\x20-\\x7e\\u00a0-\\ud7ff]", "?")
                .replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;");
    }
}
