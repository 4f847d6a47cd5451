package org.jnvmet.app.p2p;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.List;
import java.util.Locale;
import org.jnvmet.p2pmem.pci.PciFunction;

/** A topology for programs. */
final class TopologyJson {
    private final Topology topology;

    TopologyJson(Topology topology) {
        this.topology = topology;
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("Sysfs", topology.tree().root().toString());
        json.addProperty("CpuRoutesBetweenRootPorts", topology.tree().cpuRoutesBetweenRootPorts());
        JsonArray bridges = new JsonArray();
        for (Topology.Bridge bridge : topology.bridges()) {
            JsonObject each = new JsonObject();
            each.addProperty("Name", bridge.name());
            each.addProperty("Routes", bridge.routes().name().toLowerCase(Locale.ROOT));
            each.add("Functions", functions(bridge.functions()));
            bridges.add(each);
        }
        json.add("HostBridges", bridges);
        json.add("Remarks", strings(topology.tree().remarks()));
        return json;
    }

    private static JsonArray functions(List<Topology.Node> nodes) {
        JsonArray functions = new JsonArray();
        nodes.forEach(node -> functions.add(function(node)));
        return functions;
    }

    private static JsonObject function(Topology.Node node) {
        PciFunction function = node.function();
        JsonObject json = new JsonObject();
        json.addProperty("Address", node.address());
        json.addProperty("Kind", function.kind().name().toLowerCase(Locale.ROOT));
        json.addProperty("Class", function.classCode());
        json.addProperty("Vendor", function.vendor());
        json.addProperty("Device", function.device());
        json.addProperty("Acs", function.acs().state().name().toLowerCase(Locale.ROOT));
        json.addProperty("AcsControl", function.acs().control());
        json.addProperty("AcsRedirects", function.acs().redirects());
        json.addProperty("Provider", function.isProvider());
        json.addProperty("Client", node.isClient());
        json.add("Devices", strings(node.devices()));
        PciFunction.Memory memory = function.memory();
        if (memory != null) {
            JsonObject bytes = new JsonObject();
            bytes.addProperty("Size", memory.bytes());
            bytes.addProperty("Available", memory.availableBytes());
            bytes.addProperty("Published", memory.published());
            json.add("Memory", bytes);
        }
        json.add("Below", functions(node.below()));
        return json;
    }

    private static JsonArray strings(List<String> strings) {
        JsonArray array = new JsonArray();
        strings.forEach(array::add);
        return array;
    }
}
