package org.jnvmet.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the reader of saved JSON accepts, and how it names what it does not. */
final class SavedJsonReaderTest {
    @Test
    void turnsObjectsIntoDirectoriesGroupsIntoAttributesAndNamesIntoLinks() {
        SavedConfig saved =
                SavedJsonReader.read(
                        """
                        {"hosts": [{"nqn": "h"}],
                         "ports": [{"addr": {"trtype": "tcp"}, "portid": 1, "subsystems": ["s"],
                                    "ana_groups": [{"ana": {"state": "optimized"}, "grpid": 1}]}],
                         "subsystems": [{"allowed_hosts": ["h"], "nqn": "s", "namespaces": [
                            {"device": {"path": "mem:1m"}, "enable": 1, "buffered_io": true, "nsid": 3}]}]}
                        """);
        TreeImage expected = new TreeImage();
        expected.directory("");
        expected.directory("hosts/h");
        expected.setting("ports/1", "addr_trtype", "tcp");
        expected.setting("ports/1/ana_groups/1", "ana_state", "optimized");
        expected.directory("subsystems/s");
        expected.setting("subsystems/s/namespaces/3", "device_path", "mem:1m");
        expected.setting("subsystems/s/namespaces/3", "enable", "1");
        expected.setting("subsystems/s/namespaces/3", "buffered_io", "1");
        expected.link("ports/1/subsystems/s", "subsystems/s");
        expected.link("subsystems/s/allowed_hosts/h", "hosts/h");
        assertThat(saved.image()).isEqualTo(expected);
        assertThat(saved.key("subsystems/s/namespaces/3/device_path"))
                .isEqualTo("subsystems[0].namespaces[0].device.path");
        assertThat(saved.key("subsystems/s/attr_model")).isEqualTo("subsystems[0] (attr_model)");
        assertThat(saved.key("ports/1/subsystems/s")).isEqualTo("ports[0].subsystems[0]");
    }

    @Test
    void letsThePlainFormOfAnAttributeWinAsNvmetcliDoes() {
        String json =
                "{\"subsystems\":[{\"nqn\":\"s\",\"namespaces\":[{\"ana_grpid\":7,\"ana\":{\"grpid\":\"2\"},\"nsid\":1}]}]}";
        assertThat(SavedJsonReader.read(json).image().settings("subsystems/s/namespaces/1"))
                .containsEntry("ana_grpid", "7");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            textBlock =
                    """
                    {"ports": {}}                                     | ports: must be a list, not an object
                    {"ports": [7]}                                    | ports[0]: must be an object, not a number
                    {"ports": [{}]}                                   | ports[0]: has no "portid"
                    {"ports": [{"portid": null}]}                     | ports[0].portid: must be a name, not null
                    {"ports": [{"portid": 1}, {"portid": "1"}]}       | ports[1].portid: "1" is there twice, first at ports[0]
                    {"hosts": [{"nqn": "../x"}]}                      | hosts[0].nqn: "../x" cannot be a name
                    {"hosts": [{"nqn": ""}]}                          | hosts[0].nqn: "" cannot be a name
                    {"hosts": [], "hosts": []}                        | hosts: is there twice
                    {"ports": [{"portid": 1, "addr": {"traddr": []}}]} | ports[0].addr.traddr: must be a string, a number or a truth value, not a list
                    {"ports": [{"portid": 1, "addr": {"traddr": null}}]} | ports[0].addr.traddr: must be a string, a number or a truth value, not null
                    {"subsystems": [{"nqn": "s", "allowed_hosts": [{}]}]} | subsystems[0].allowed_hosts[0]: must be a name, not an object
                    {"subsystems": [{"nqn": "s", "allowed_hosts": ["h", "h"]}]} | subsystems[0].allowed_hosts[1]: "h" is there twice
                    {"ports": [{"portid": 1, "subsystem": ["s"]}]}    | ports[0].subsystem: must be a string, a number or a truth value, not a list
                    []                                                | a configuration is a JSON object, not a list
                    {"hosts": []} x                                   | no JSON
                    {"hosts": [}                                      | no JSON
                    {hosts: []}                                       | no JSON
                    {"hosts": [                                       | the JSON text ends too early
                    ``                                                | the JSON text ends too early
                    """)
    void namesTheKeyOfWhatItRefuses(String json, String message) {
        assertThatThrownBy(() -> SavedJsonReader.read(json))
                .isInstanceOf(ConfigFileException.class)
                .hasMessageStartingWith(message);
    }

    @Test
    void refusesDeepNestingWithoutFalling() {
        assertThatThrownBy(() -> SavedJsonReader.read("[".repeat(100_000)))
                .isInstanceOf(ConfigFileException.class);
        assertThatThrownBy(() -> SavedJsonReader.read("{\"ports\":".repeat(100_000)))
                .isInstanceOf(ConfigFileException.class);
    }
}
