package org.jnvmet.app.p2p;

import java.util.Iterator;
import java.util.List;
import org.jnvmet.app.console.TextTable;
import org.jnvmet.p2pmem.pci.PciTree;

/** A topology for a terminal: lines that hang below each other as those of {@code lspci -t}. */
public final class TopologyText {
    private final Topology topology;
    private final TextTable table =
            new TextTable("Function", "Kind", "Id", "ACS", "Devices", "Peer memory");

    /** Of a machine, in whole lines. */
    public static String of(PciTree tree) {
        return new TopologyText(Topology.of(tree)).text();
    }

    TopologyText(Topology topology) {
        this.topology = topology;
    }

    /** Whole lines. */
    String text() {
        for (Topology.Bridge bridge : topology.bridges()) {
            table.row(bridge.name(), "host bridge: " + bridge.routing());
            rows(bridge.functions(), "");
        }
        StringBuilder text = new StringBuilder(table.text());
        text.append("%n%s%n".formatted(topology.processor()));
        for (String remark : topology.tree().remarks()) {
            text.append("Remark: %s.%n".formatted(remark));
        }
        return text.toString();
    }

    private void rows(List<Topology.Node> nodes, String indent) {
        Iterator<Topology.Node> iterator = nodes.iterator();
        while (iterator.hasNext()) {
            Topology.Node node = iterator.next();
            boolean last = !iterator.hasNext();
            table.row(
                    indent + (last ? "\\-" : "+-") + node.address(),
                    node.kind(),
                    node.ids(),
                    node.acs(),
                    String.join(" ", node.devices()),
                    node.role());
            rows(node.below(), indent + (last ? "  " : "| "));
        }
    }
}
