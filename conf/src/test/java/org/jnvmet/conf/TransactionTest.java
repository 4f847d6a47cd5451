package org.jnvmet.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jnvmet.configfs.tree.Change;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** All or nothing, and no more than needed. */
final class TransactionTest {
    private static final String RICH =
            """
            {
              "discovery": {"nqn": "nqn.2026-01.org.example:discovery"},
              "hosts": [{"nqn": "nqn.2026-01.org.example:h1"}, {"nqn": "nqn.2026-01.org.example:h2"}],
              "ports": [
                {
                  "addr": {"adrfam": "ipv4", "traddr": "127.0.0.1", "treq": "required", "trsvcid": "4420",
                           "trtype": "tcp", "tsas": "none"},
                  "ana_groups": [{"ana": {"state": "optimized"}, "grpid": 1},
                                 {"ana": {"state": "non-optimized"}, "grpid": 10},
                                 {"ana": {"state": "inaccessible"}, "grpid": 9}],
                  "param": {"inline_data_size": "8192", "max_queue_size": "64", "mdts": "5"},
                  "portid": 1,
                  "referrals": [{"addr": {"adrfam": "ipv4", "portid": "2", "traddr": "10.0.0.9", "trsvcid": "8009",
                                          "trtype": "tcp"}, "enable": 1, "name": "other"}],
                  "subsystems": ["a", "b"]
                },
                {"portid": 10}, {"portid": 2}
              ],
              "subsystems": [
                {"allowed_hosts": ["nqn.2026-01.org.example:h2"], "nqn": "a",
                 "attr": {"cntlid_max": "400", "cntlid_min": "300", "model": "my disk", "serial": "1 2", "version": "1.4"},
                 "namespaces": [
                   {"ana_grpid": 9, "buffered_io": 1, "device": {"nguid": "00112233-4455-6677-8899-aabbccddeeff",
                     "path": "mem:1m", "uuid": "5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab"}, "enable": 1, "nsid": 10},
                   {"device": {"path": "null:2m"}, "enable": 0, "nsid": 9}, {"nsid": 3}]},
                {"attr": {"allow_any_host": "1"}, "nqn": "b"}
              ]
            }
            """;

    private final NvmetFixture live = new NvmetFixture();
    private final Transaction transaction = new Transaction(NvmetFixture::new);

    @AfterEach
    void close() {
        live.close();
    }

    private void restore(String json) {
        transaction.restore(json, live.tree());
    }

    private String save() {
        return SavedJson.of(live.tree());
    }

    private Subsystem subsystem(String nqn) {
        return Objects.requireNonNull(live.target().subsystem(nqn), nqn);
    }

    private List<Change> changesOf(Runnable action) {
        List<Change> changes = new ArrayList<>();
        live.tree()
                .listener(change -> {
                    changes.add(change);
                    return () -> {};
                });
        action.run();
        return changes;
    }

    @Test
    void makesTheDefaultConfiguration() {
        restore(DefaultConfig.json());
        Subsystem subsystem = subsystem("nqn.2026-01.org.jnvmet:demo");
        assertThat(subsystem.allows("anybody")).isTrue();
        assertThat(subsystem.namespaces()).singleElement().matches(Namespace::enabled);
        assertThat(live.read("subsystems/nqn.2026-01.org.jnvmet:demo/namespaces/1/device_path"))
                .isEqualTo("mem:1g");
        assertThat(live.listens).containsOnlyKeys("127.0.0.1:4420");
    }

    @Test
    void savesRestoresAndSavesTheSameBytes() {
        restore(RICH);
        String first = save();
        TreeImage image = live.image();
        try (NvmetFixture other = new NvmetFixture()) {
            transaction.restore(first, other.tree());
            assertThat(SavedJson.of(other.tree())).isEqualTo(first);
            assertThat(other.image()).isEqualTo(image);
        }
    }

    @Test
    void keepsWhereDataIsStaged() {
        String memory = "0000:03:00.0";
        Transaction here = new Transaction(() -> new NvmetFixture(memory));
        live.memories.add(memory);
        String json =
                RICH.replace("\"buffered_io\": 1", "\"p2pmem\": \"" + memory + "\"")
                        .replace("{\"portid\": 10}", "{\"portid\": 10, \"allow_p2pmem\": 1}")
                        .replace(
                                "{\"portid\": 2}",
                                "{\"portid\": 2, \"allow_p2pmem\": \"%s\", \"p2pmem_strict\": true}"
                                        .formatted(memory));
        here.restore(json, live.tree());
        assertThat(live.read("subsystems/a/namespaces/10/p2pmem")).isEqualTo(memory);
        assertThat(live.read("subsystems/a/namespaces/10/enable")).isEqualTo("1");
        assertThat(live.read("ports/10/allow_p2pmem")).isEqualTo("1");
        assertThat(live.read("ports/2/allow_p2pmem")).isEqualTo(memory);
        assertThat(live.read("ports/2/p2pmem_strict")).isEqualTo("1");
        String saved = save();
        assertThat(saved)
                .contains("\"p2pmem\": \"0000:03:00.0\"", "\"p2pmem_strict\": 1")
                .contains("\"allow_p2pmem\": 1", "\"allow_p2pmem\": \"0000:03:00.0\"")
                .doesNotContain("p2pmem_status");
        assertThat(changesOf(() -> here.restore(saved, live.tree()))).isEmpty();
    }

    @Test
    void makesANamespaceAnewThatShallStageElsewhereAndAPortNot() {
        restore(RICH);
        List<Change> changes =
                changesOf(() ->
                        restore(
                                RICH.replace("\"buffered_io\": 1", "\"p2pmem\": 1")
                                        .replace(
                                                "\"portid\": 1,",
                                                "\"portid\": 1, \"allow_p2pmem\": \"on\",")));
        assertThat(changes)
                .contains(
                        new Change.Rmdir("subsystems/a/namespaces/10"),
                        new Change.Write("ports/1/allow_p2pmem", "1"))
                .doesNotContain(new Change.Unlink("ports/1/subsystems/a"));
        assertThat(changes.indexOf(new Change.Write("subsystems/a/namespaces/10/p2pmem", "1")))
                .isBetween(
                        changes.indexOf(new Change.Mkdir("subsystems/a/namespaces/10")),
                        changes.indexOf(
                                new Change.Write("subsystems/a/namespaces/10/enable", "1")));
        assertThat(live.read("ports/1/allow_p2pmem")).isEqualTo("1");
    }

    @Test
    void writesTheFormOfNvmetcli() throws IOException {
        restore(
                """
                {"hosts": [{"nqn": "h"}], "ports": [{"portid": 1}], "subsystems": [{"allowed_hosts": ["h"], "nqn": "s",
                 "attr": {"serial": "abc", "model": "m", "firmware": "1"}, "namespaces": [{"nsid": 1,
                 "device": {"uuid": "5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab", "path": "mem:1m"}}]}]}
                """
                        .replace("m", "m"));
        assertThat(save()).isEqualTo(resource("saved.json"));
    }

    private static String resource(String name) throws IOException {
        try (InputStream in = TransactionTest.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void changesNothingWhereNothingDiffers() {
        restore(RICH);
        assertThat(changesOf(() -> restore(RICH))).isEmpty();
        assertThat(changesOf(() -> restore(save()))).isEmpty();
    }

    @Test
    void touchesOnlyWhatDiffers() {
        restore(RICH);
        String more =
                RICH.replace(
                        "{\"nsid\": 3}",
                        "{\"nsid\": 4, \"device\": {\"path\": \"mem:4m\"}, \"enable\": 1}");
        assertThat(changesOf(() -> restore(more)))
                .containsExactly(
                        new Change.Rmdir("subsystems/a/namespaces/3"),
                        new Change.Mkdir("subsystems/a/namespaces/4"),
                        new Change.Write("subsystems/a/namespaces/4/device_path", "mem:4m"),
                        new Change.Write("subsystems/a/namespaces/4/enable", "1"));
        assertThat(live.listens).containsOnly(Map.entry("127.0.0.1:4420", 1));
    }

    @Test
    void keepsWhatTheTreeInventedWhenTheFileDoesNotSay() {
        restore(DefaultConfig.json());
        TreeImage before = live.image();
        assertThat(changesOf(() -> restore(DefaultConfig.json()))).isEmpty();
        restore(DefaultConfig.json().replace("mem:1g", "mem:2g"));
        String namespace = "subsystems/nqn.2026-01.org.jnvmet:demo/namespaces/1";
        assertThat(live.image().settings(namespace))
                .containsEntry("device_path", "mem:2g")
                .containsEntry("device_uuid", before.settings(namespace).get("device_uuid"));
    }

    @Test
    void bringsBackDefaultsThatTheFileDoesNotMention() {
        restore(RICH);
        restore(RICH.replace("\"model\": \"my disk\", ", "").replace(", \"mdts\": \"5\"", ""));
        assertThat(live.read("subsystems/a/attr_model").strip()).isEqualTo("Linux");
        assertThat(live.read("ports/1/param_mdts")).isEqualTo("0");
    }

    @Test
    void movesARangeUpAndDown() {
        restore(RICH);
        restore(RICH.replace("\"400\"", "\"900\"").replace("\"300\"", "\"800\""));
        assertThat(live.read("subsystems/a/attr_cntlid_min")).isEqualTo("800");
        restore(RICH.replace("\"400\"", "\"20\"").replace("\"300\"", "\"10\""));
        assertThat(live.read("subsystems/a/attr_cntlid_max")).isEqualTo("20");
    }

    @Test
    void swapsAnyHostForNamedHostsAndBack() {
        restore(RICH);
        String swapped =
                RICH.replace(
                        "\"allowed_hosts\": [\"nqn.2026-01.org.example:h2\"], \"nqn\": \"a\",\n     \"attr\": {",
                        "\"nqn\": \"a\",\n     \"attr\": {\"allow_any_host\": \"1\", ");
        assertThat(swapped).isNotEqualTo(RICH);
        restore(swapped);
        assertThat(live.read("subsystems/a/attr_allow_any_host")).isEqualTo("1");
        restore(RICH);
        assertThat(live.read("subsystems/a/attr_allow_any_host")).isEqualTo("0");
        assertThat(live.listens).containsOnly(Map.entry("127.0.0.1:4420", 1));
    }

    @Test
    void makesAPortAnewWhereItsAddressDiffers() {
        restore(RICH);
        restore(RICH.replace("\"4420\"", "\"4421\""));
        assertThat(live.listens).containsOnlyKeys("127.0.0.1:4420", "127.0.0.1:4421");
        assertThat(live.target().ports().iterator().next().address().trsvcid()).isEqualTo("4421");
    }

    @Test
    void makesASubsystemAnewWhereAnIdentityThatHostsHaveSeenDiffers() {
        restore(RICH);
        Subsystem before = subsystem("a");
        before.markDiscovered();
        restore(RICH.replace("\"1 2\"", "\"3 4\""));
        Subsystem after = subsystem("a");
        assertThat(after).isNotSameAs(before);
        assertThat(after.serial()).isEqualTo("3 4");
        assertThat(after.namespaces()).hasSize(3);
        assertThat(live.read("subsystems/a/namespaces/10/device_uuid"))
                .isEqualTo("5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab");
    }

    @Test
    void unsetsAPath() {
        restore(RICH);
        restore(RICH.replace("\"device\": {\"path\": \"null:2m\"}, ", ""));
        assertThat(live.read("subsystems/a/namespaces/9/device_path")).isEqualTo("(null)");
    }

    @Test
    void takesAFileFromLinuxWithWhatIsTurnedOffThere() {
        restore(
                """
                {"hosts": [{"nqn": "h", "dhchap": {"ctrl_key": "", "dhgroup": "null", "hash": "hmac(sha256)", "key": ""}}],
                 "ports": [{"portid": 1, "addr": {"traddr": "", "trtype": ""}, "param": {"pi_enable": "0"}}],
                 "subsystems": [{"nqn": "s", "attr": {"pi_enable": "0"}, "namespaces": [
                    {"nsid": 1, "device": {"path": "(null)"}, "resv": {"enable": "0"}, "enable": 0}]}]}
                """);
        assertThat(live.target().hosts()).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    "uuid": "5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab" | "uuid": "xyz"          | subsystems[0].namespaces[0].device.uuid: |xyz
                    "path": "mem:1m"             | "path": "/no/such/disk"                  | subsystems[0].namespaces[0].enable: |/no/such/disk
                    "path": "mem:1m"             | "path": "mem:lots"                       | subsystems[0].namespaces[0].enable: |lots
                    "ana_grpid": 9               | "ana_grpid": 129                         | subsystems[0].namespaces[0].ana_grpid: |129
                    "nsid": 3                    | "nsid": 0                                | subsystems[0].namespaces[2]: |0
                    "cntlid_min": "300"          | "cntlid_min": "500"                      | subsystems[0].attr.cntlid_m |500
                    "serial": "1 2"              | "serial": "123456789012345678901"        | subsystems[0].attr.serial: |20
                    "version": "1.4"             | "version": "new"                         | subsystems[0].attr.version: |new
                    "model": "my disk"           | "modell": "my disk"                      | subsystems[0].attr.modell: |unknown key
                    "buffered_io": 1             | "buffered": 1                            | subsystems[0].namespaces[0].buffered: |unknown key
                    "buffered_io": 1             | "p2pmem": "0000:09:00.0"                 | subsystems[0].namespaces[0].p2pmem: |no such PCI device: 0000:09:00.0
                    "buffered_io": 1             | "p2pmem": "auto"                         | subsystems[0].namespaces[0].p2pmem: |auto
                    "buffered_io": 1             | "p2pmem_status": "fine"                  | subsystems[0].namespaces[0].p2pmem_status: |unknown key
                    {"portid": 2}                | {"portid": 2, "allow_p2pmem": "0000:09:00.0"} | ports[2].allow_p2pmem: |0000:09:00.0
                    {"portid": 2}                | {"portid": 2, "p2pmem_strict": "maybe"}  | ports[2].p2pmem_strict: |maybe
                    "allow_any_host": "1"        | "allow_any_host": "maybe"                | subsystems[1].attr.allow_any_host: |maybe
                    "nqn": "b"                   | "nqn": "nqn.2014-08.org.nvmexpress.discovery" | subsystems[1]: |discovery
                    ["a", "b"]                   | ["a", "c"]                               | ports[0].subsystems[1]: |c
                    ["nqn.2026-01.org.example:h2"] | ["h3"]                                 | subsystems[0].allowed_hosts[0]: |h3
                    "traddr": "127.0.0.1"        | "traddr": "localhost"                    | ports[0].subsystems[0]: |localhost
                    "trtype": "tcp", "tsas"      | "trtype": "carrier pigeon", "tsas"       | ports[0].addr.trtype: |carrier pigeon
                    "treq": "required"           | "treq": "perhaps"                        | ports[0].addr.treq: |perhaps
                    "mdts": "5"                  | "mdts": "256"                            | ports[0].param.mdts: |256
                    "grpid": 10                  | "grpid": 200                             | ports[0].ana_groups[1]: |200
                    "non-optimized"              | "splendid"                               | ports[0].ana_groups[1].ana.state: |splendid
                    "portid": 10                 | "portid": 65536                          | ports[1]: |65536
                    "portid": "2"                | "portid": "-1"                           | ports[0].referrals[0].addr.portid: |-1
                    {"portid": 2}                | {"portid": 2, "enable": 1}               | ports[2].enable: |unknown key
                    """)
    void changesNothingAndNamesTheKey(String good, String bad, String key, String part) {
        restore(DefaultConfig.json());
        TreeImage before = live.image();
        String json = RICH.replace(good, bad);
        assertThat(json).isNotEqualTo(RICH);
        List<Change> changes =
                changesOf(() ->
                        assertThatThrownBy(() -> restore(json))
                                .isInstanceOf(ConfigFileException.class)
                                .hasMessageStartingWith(key)
                                .hasMessageContaining(part));
        assertThat(changes).isEmpty();
        assertThat(live.image()).isEqualTo(before);
        assertThatThrownBy(() -> transaction.check(json)).hasMessageStartingWith(key);
    }

    @Test
    void bringsTheFormerStateBackWhenAnAddressIsTaken() {
        restore(RICH);
        TreeImage before = live.image();
        live.taken.add("127.0.0.1:5000");
        String other =
                """
                {"ports": [{"portid": 1, "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1",
                  "trsvcid": "5000"}, "subsystems": ["new"]}], "subsystems": [{"nqn": "new", "namespaces": [
                  {"nsid": 1, "device": {"path": "mem:1m"}, "enable": 1}]}]}
                """;
        assertThatThrownBy(() -> restore(other))
                .isInstanceOf(ConfigFileException.class)
                .hasMessageStartingWith("ports[0].subsystems[0]: ")
                .hasMessageContaining("127.0.0.1:5000 is in use");
        assertThat(live.image()).isEqualTo(before);
        assertThat(live.target().subsystem("new")).isNull();
        live.taken.clear();
        restore(other);
        assertThat(live.listens).containsKey("127.0.0.1:5000");
    }

    @Test
    void refusesAConfigurationWhosePortsCollide() {
        String collision =
                """
                {"ports": [
                  {"portid": 1, "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4420"},
                   "subsystems": ["s"]},
                  {"portid": 2, "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4420"},
                   "subsystems": ["s"]}], "subsystems": [{"nqn": "s"}]}
                """;
        assertThatThrownBy(() -> transaction.check(collision))
                .hasMessageStartingWith("ports[1].subsystems[0]: ");
    }

    /** As with nvmetcli restore: the machine, not the file, is at fault, so the rest is served. */
    @Test
    void servesTheRestWhereADeviceIsMissing() {
        String json =
                """
                {"ports": [
                  {"portid": 1, "addr": {"trtype": "rdma", "adrfam": "ipv4", "traddr": "10.0.0.1", "trsvcid": "4420"},
                   "subsystems": ["s"]},
                  {"portid": 2, "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4420"},
                   "subsystems": ["s"]}], "subsystems": [{"nqn": "s"}]}
                """;
        assertThat(transaction.check(json))
                .extracting(AbsentDevice::toString)
                .containsExactly("ports[0].subsystems[0]: librdmacm is not installed");
        assertThat(transaction.restore(json, live.tree())).hasSize(1);
        assertThat(live.target().ports()).extracting(Port::enabled).containsExactly(false, true);
        assertThat(live.read("ports/1/addr_trtype").strip()).isEqualTo("rdma");
        assertThat(live.read("ports/1/subsystems/last_error"))
                .contains("librdmacm is not installed");

        live.noRdma = null;
        Transaction there =
                new Transaction(() -> {
                    NvmetFixture scratch = new NvmetFixture();
                    scratch.noRdma = null;
                    return scratch;
                });
        assertThat(there.restore(json, live.tree())).as("again, with a device").isEmpty();
        assertThat(live.target().ports()).extracting(Port::enabled).containsExactly(true, true);
        assertThat(live.listens).containsEntry("127.0.0.1:4420", 1);

        String wrong = json.replace("10.0.0.1", "10.0.0.1\", \"nonsense\": \"");
        assertThatThrownBy(() -> transaction.restore(wrong, live.tree()))
                .as("what is wrong with the file is refused all the same")
                .isInstanceOf(ConfigFileException.class);
    }

    @Test
    void checksWithoutATargetOrATrace() {
        ConfigTree tree = live.tree();
        TreeImage before = TreeImage.of(tree);
        transaction.check(RICH);
        assertThat(TreeImage.of(tree)).isEqualTo(before);
    }

    @Test
    void clearsEverything() {
        restore(RICH);
        restore("{}");
        assertThat(live.target().ports()).isEmpty();
        assertThat(live.target().subsystems()).isEmpty();
        assertThat(live.target().hosts()).isEmpty();
        assertThat(live.read("discovery_nqn")).isEqualTo("nqn.2014-08.org.nvmexpress.discovery");
    }
}
