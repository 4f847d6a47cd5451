package org.jnvmet.app.nvme;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jnvmet.host.Discovery;
import org.jnvmet.wire.fabrics.DiscoveryEntry;

/**
 * A discovery log as {@code nvme discover} shows it.
 *
 * @param log what the discovery controller said
 */
record DiscoveryReport(Discovery.Log log) implements Report {
    private static final String UNRECOGNIZED = "unrecognized";

    private static final String OF_RDMA = "rdma_";
    private static final String PARTITION_KEY = OF_RDMA + "pkey";
    private static final List<String> RDMA_QUEUE_PAIRS = List.of("connected", "datagram");
    private static final List<String> RDMA_PROVIDERS =
            List.of("not specified", "infiniband", "roce", "roce-v2", "iwarp");
    private static final List<String> RDMA_CONNECTIONS = List.of("rdma-cm");

    /** In TREQ: whether a secure channel is needed. */
    private static final int SECURE_CHANNEL = 3;

    @Override
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(
                "%nDiscovery Log Number of Records %d, Generation counter %s%n"
                        .formatted(log.entries().size(), Long.toUnsignedString(log.generation())));
        for (int index = 0; index < log.entries().size(); index++) {
            text.append("=====Discovery Log Entry %d======%n".formatted(index));
            fields(log.entries().get(index))
                    .forEach((name, value) ->
                            text.append(label(name)).append(value).append("%n".formatted()));
        }
        return text.toString();
    }

    @Override
    public JsonObject json() {
        JsonArray records = new JsonArray();
        for (Discovery.Entry entry : log.entries()) {
            JsonObject json = new JsonObject();
            fields(entry).forEach(json::addProperty);
            json.addProperty("portid", entry.portId());
            records.add(json);
        }
        JsonObject json = new JsonObject();
        json.addProperty(
                "genctr", new java.math.BigInteger(Long.toUnsignedString(log.generation())));
        json.add("records", records);
        return json;
    }

    /** The columns of nvme-cli, which are not straight. */
    private static String label(String name) {
        int width = name.equals(PARTITION_KEY) ? 11 : name.startsWith(OF_RDMA) ? 13 : 9;
        return (name + ":" + " ".repeat(width)).substring(0, width);
    }

    private static Map<String, String> fields(Discovery.Entry entry) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("trtype", transport(entry.transport()));
        fields.put("adrfam", addressFamily(entry.addressFamily()));
        fields.put("subtype", subtype(entry.subtype()));
        fields.put("treq", requirements(entry.requirements()));
        fields.put("portid", String.valueOf(entry.portId()));
        fields.put("trsvcid", entry.serviceId());
        fields.put("subnqn", entry.subsystemNqn());
        fields.put("traddr", entry.address());
        fields.put("eflags", flags(entry.flags()));
        if (entry.transport() == DiscoveryEntry.TRTYPE_TCP) {
            fields.put("sectype", security(entry.securityType()));
        } else if (entry.transport() == DiscoveryEntry.TRTYPE_RDMA) {
            Discovery.Rdma rdma = entry.rdma();
            fields.put(OF_RDMA + "prtype", named(rdma.provider(), RDMA_PROVIDERS));
            fields.put(OF_RDMA + "qptype", named(rdma.queuePairs(), RDMA_QUEUE_PAIRS));
            fields.put(OF_RDMA + "cms", named(rdma.connections(), RDMA_CONNECTIONS));
            fields.put(PARTITION_KEY, "0x%04x".formatted(rdma.partitionKey()));
        }
        return fields;
    }

    /** Names count from 1. */
    private static String named(int value, List<String> names) {
        return value >= 1 && value <= names.size() ? names.get(value - 1) : UNRECOGNIZED;
    }

    /** Name of a transport type, as in {@code -t}. */
    static String transport(int type) {
        return switch (type) {
            case DiscoveryEntry.TRTYPE_RDMA -> "rdma";
            case DiscoveryEntry.TRTYPE_FC -> "fc";
            case DiscoveryEntry.TRTYPE_TCP -> "tcp";
            case DiscoveryEntry.TRTYPE_LOOP -> "loop";
            default -> UNRECOGNIZED;
        };
    }

    private static String addressFamily(int family) {
        return switch (family) {
            case DiscoveryEntry.ADRFAM_IPV4 -> "ipv4";
            case DiscoveryEntry.ADRFAM_IPV6 -> "ipv6";
            case DiscoveryEntry.ADRFAM_IB -> "infiniband";
            case DiscoveryEntry.ADRFAM_FC -> "fibre-channel";
            case DiscoveryEntry.ADRFAM_LOOP -> "loop";
            default -> UNRECOGNIZED;
        };
    }

    private static String subtype(int subtype) {
        return switch (subtype) {
            case DiscoveryEntry.SUBTYPE_REFERRAL -> "discovery subsystem referral";
            case DiscoveryEntry.SUBTYPE_NVM -> "nvme subsystem";
            case DiscoveryEntry.SUBTYPE_CURRENT_DISCOVERY -> "current discovery subsystem";
            default -> UNRECOGNIZED;
        };
    }

    private static String requirements(int treq) {
        String channel =
                switch (treq & SECURE_CHANNEL) {
                    case DiscoveryEntry.TREQ_NOT_SPECIFIED -> "not specified";
                    case DiscoveryEntry.TREQ_REQUIRED -> "required";
                    case DiscoveryEntry.TREQ_NOT_REQUIRED -> "not required";
                    default -> UNRECOGNIZED;
                };
        boolean noFlowControl = (treq & DiscoveryEntry.TREQ_DISABLE_SQ_FLOW_CONTROL) != 0;
        return noFlowControl ? channel + ", sq flow control disable supported" : channel;
    }

    private static String flags(int eflags) {
        List<String> set = new ArrayList<>();
        if ((eflags & DiscoveryEntry.EFLAG_PERSISTENT) != 0) {
            set.add("explicit discovery connections");
        }
        if ((eflags & DiscoveryEntry.EFLAG_DUPLICATE) != 0) {
            set.add("duplicate discovery information");
        }
        return set.isEmpty() ? "none" : String.join(", ", set);
    }

    private static String security(int type) {
        return switch (type) {
            case DiscoveryEntry.SECTYPE_NONE -> "none";
            case DiscoveryEntry.SECTYPE_TLS13 -> "tls13";
            default -> UNRECOGNIZED;
        };
    }
}
