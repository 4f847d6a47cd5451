package org.jnvmet.app.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jnvmet.host.Discovery;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jnvmet.wire.admin.SmartLog;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is shown, against what nvme-cli prints of the same bytes; README.md beside the samples says where from. */
final class ReportTest {
    private static final String DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery";

    private static byte[] bytes(String name) {
        try (InputStream sample =
                Objects.requireNonNull(ReportTest.class.getResourceAsStream(name), name)) {
            return sample.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static MemorySegment memory(String name) {
        return MemorySegment.ofArray(bytes(name));
    }

    private static String text(String name) {
        return new String(bytes(name), StandardCharsets.UTF_8);
    }

    private static JsonObject json(String name) {
        return JsonParser.parseString(text(name)).getAsJsonObject();
    }

    /** Members in their order, which equality of objects does not see. */
    private static List<Map.Entry<String, JsonElement>> members(JsonObject json) {
        return List.copyOf(json.entrySet());
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "distinct"})
    void showsAControllerAsNvmeCliDoes(String sample) {
        Report report =
                new ControllerReport(
                        new IdentifyController().wrap(memory(sample + "-id-ctrl.bin"), 0));
        assertThat(report.text()).isEqualTo(text(sample + "-id-ctrl.txt"));
        assertThat(members(report.json())).isEqualTo(members(json(sample + "-id-ctrl.json")));
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "distinct", "plain"})
    void showsANamespaceAsNvmeCliDoes(String sample) {
        int nsid = sample.equals("linux") ? 7 : 1;
        Report report =
                new NamespaceReport(
                        nsid, new IdentifyNamespace().wrap(memory(sample + "-id-ns.bin"), 0));
        // nvme-cli has a tab in the place of two blanks there
        String expected = text(sample + "-id-ns.txt").replace("nsattr\t:", "nsattr  :");
        assertThat(report.text()).isEqualTo(expected);
        JsonObject json = json(sample + "-id-ns.json");
        json.remove("vs"); // a dump of vendor specific bytes
        assertThat(members(report.json())).isEqualTo(members(json));
    }

    @ParameterizedTest
    @ValueSource(strings = {"linux", "distinct"})
    void showsHealthAsNvmeCliDoes(String sample) {
        Report report =
                new SmartReport(
                        "nvme0",
                        0xffff_ffff,
                        new SmartLog().wrap(memory(sample + "-smart-log.bin"), 0));
        assertThat(report.text()).isEqualTo(text(sample + "-smart-log.txt"));
        assertThat(members(report.json())).isEqualTo(members(json(sample + "-smart-log.json")));
    }

    private static Discovery.Entry entry(
            int subtype, int requirements, int port, String service, String nqn, String address) {
        return new Discovery.Entry(
                DiscoveryEntry.TRTYPE_TCP,
                DiscoveryEntry.ADRFAM_IPV4,
                subtype,
                requirements,
                port,
                0xffff,
                32,
                0,
                service,
                nqn,
                address,
                DiscoveryEntry.SECTYPE_NONE,
                Discovery.Rdma.CONNECTED);
    }

    @Test
    void showsADiscoveryLogAsNvmeCliDoes() {
        int free = DiscoveryEntry.TREQ_DISABLE_SQ_FLOW_CONTROL;
        Report report =
                new DiscoveryReport(
                        new Discovery.Log(
                                3,
                                List.of(
                                        entry(3, free, 3, "4420", DISCOVERY_NQN, "127.0.0.1"),
                                        entry(
                                                2,
                                                free,
                                                3,
                                                "4420",
                                                "nqn.2026-01.org.example:disk",
                                                "127.0.0.1"),
                                        entry(
                                                1,
                                                DiscoveryEntry.TREQ_REQUIRED,
                                                42,
                                                "8009",
                                                DISCOVERY_NQN,
                                                "192.0.2.77"))));
        assertThat(report.text()).isEqualTo(text("linux-discover.txt"));
        JsonObject expected = json("linux-discover.json");
        assertThat(members(report.json())).isEqualTo(members(expected));
        assertThat(firstRecord(report.json())).isEqualTo(firstRecord(expected));
    }

    private static List<Map.Entry<String, JsonElement>> firstRecord(JsonObject json) {
        return members(json.getAsJsonArray("records").get(0).getAsJsonObject());
    }

    @Test
    void namesWhatADiscoveryEntryMayBe() {
        Discovery.Rdma rdma = new Discovery.Rdma(2, 4, 3, 0x8001);
        Discovery.Entry entry =
                new Discovery.Entry(1, 2, 9, 7, 1, 0, 0, 3, "18", "nqn.x", "fe80::1", 1, rdma);
        Report report = new DiscoveryReport(new Discovery.Log(-1, List.of(entry)));
        assertThat(report.text())
                .contains(
                        "Generation counter 18446744073709551615",
                        "trtype:  rdma\n",
                        "adrfam:  ipv6\n",
                        "subtype: unrecognized\n",
                        "treq:    unrecognized, sq flow control disable supported\n",
                        "eflags:  explicit discovery connections, duplicate discovery information\n",
                        """
                        rdma_prtype: roce-v2
                        rdma_qptype: datagram
                        rdma_cms:    unrecognized
                        rdma_pkey: 0x8001
                        """)
                .doesNotContain("sectype");
        JsonObject record = report.json().getAsJsonArray("records").get(0).getAsJsonObject();
        assertThat(record.get("rdma_pkey").getAsString()).isEqualTo("0x8001");
        assertThat(record.get("rdma_prtype").getAsString()).isEqualTo("roce-v2");
    }

    @Test
    void showsSizesInDecimalUnits() {
        assertThat(DecimalSize.column(0)).isEqualTo("  0.00   B");
        assertThat(DecimalSize.column(999)).isEqualTo("999.00   B");
        assertThat(DecimalSize.column(16_777_216)).isEqualTo(" 16.78  MB");
        assertThat(DecimalSize.column(-1)).isEqualTo(" 18.45  EB");
    }
}
