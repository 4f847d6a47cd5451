package org.jnvmet.configfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.configfs.model.ModelFixture.G;
import static org.jnvmet.configfs.model.ModelFixture.N;
import static org.jnvmet.configfs.model.ModelFixture.P;
import static org.jnvmet.configfs.model.ModelFixture.R;
import static org.jnvmet.configfs.model.ModelFixture.S;
import static org.jnvmet.configfs.model.ModelFixture.refuses;

import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What attributes refuse because of the state that things are in. */
class AttributeStateTest {
    private final ModelFixture fixture = new ModelFixture().withOneOfEach();
    private final ConfigTree tree = fixture.tree;

    /** Even a value that would be refused anyway is refused for the state first. */
    @ParameterizedTest
    @CsvSource({
        "addr_adrfam, ipv4, bogus",
        "addr_treq, required, bogus",
        "addr_traddr, 192.0.2.1, ' '",
        "addr_trsvcid, 4420, ' '",
        "addr_trtype, tcp, bogus",
        "addr_tsas, none, bogus",
        "param_inline_data_size, 4096, bogus",
        "param_max_queue_size, 64, bogus",
        "param_mdts, 5, 999"
    })
    void anEnabledPortKeepsItsAddressAndParameters(String name, String good, String bad) {
        fixture.enablePort();
        String before = tree.read(P + "/" + name);
        refuses(Errno.EACCES, () -> tree.write(P + "/" + name, good));
        refuses(Errno.EACCES, () -> tree.write(P + "/" + name, bad));
        assertThat(tree.read(P + "/" + name)).isEqualTo(before);
        assertThat(tree.read(P + "/last_error")).contains("port 1 is enabled");
        tree.unlink(P + "/subsystems/s");
        tree.write(P + "/" + name, good);
    }

    @Test
    void lengthsOfAddressesAreCheckedBeforeTheState() {
        fixture.enablePort();
        refuses(Errno.EINVAL, () -> tree.write(P + "/addr_traddr", "x".repeat(257)));
        refuses(Errno.EINVAL, () -> tree.write(P + "/addr_trsvcid", "x".repeat(33)));
    }

    @Test
    void anEnabledPortShowsWhatItsTransportChoseAndKeepsIt() {
        fixture.enablePort();
        for (int look = 0; look < 2; look++) {
            assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("16384");
            assertThat(tree.read(P + "/param_max_queue_size")).isEqualTo("1024");
            assertThat(tree.read(P + "/param_mdts")).isEqualTo("0");
            if (look == 0) {
                tree.unlink(P + "/subsystems/s");
            }
        }
        tree.write(P + "/param_max_queue_size", "1");
        tree.symlink(P + "/subsystems/s", S);
        assertThat(tree.read(P + "/param_max_queue_size")).isEqualTo("16");
    }

    @ParameterizedTest
    @CsvSource({
        "addr_adrfam, ipv4, bogus",
        "addr_treq, required, bogus",
        "addr_traddr, 192.0.2.1, ' '",
        "addr_trsvcid, 4420, ' '",
        "addr_trtype, tcp, bogus",
        "addr_portid, 7, 8"
    })
    void anEnabledReferralKeepsItsAddress(String name, String good, String bad) {
        tree.write(R + "/enable", "1");
        refuses(Errno.EACCES, () -> tree.write(R + "/" + name, good));
        refuses(Errno.EACCES, () -> tree.write(R + "/" + name, bad));
        tree.write(R + "/enable", "0");
        tree.write(R + "/" + name, good);
    }

    @Test
    void aReferralChecksItsPortIdBeforeItsState() {
        tree.write(R + "/enable", "1");
        refuses(Errno.EINVAL, () -> tree.write(R + "/addr_portid", "65536"));
        refuses(Errno.EACCES, () -> tree.write(R + "/addr_portid", "1"));
    }

    @ParameterizedTest
    @CsvSource({
        "device_path, EBUSY, disk2, ''",
        "device_uuid, EBUSY, 6d9a6a5e-2f43-4f10-9d6c-0c1b2a3f4e5d, bogus",
        "device_nguid, EBUSY, 6d9a6a5e-2f43-4f10-9d6c-0c1b2a3f4e5d, bogus",
        "buffered_io, EINVAL, 1, bogus",
        "p2pmem, EBUSY, 1, 0000:09:00.0"
    })
    void anEnabledNamespaceKeepsItsIdentity(String name, Errno errno, String good, String bad) {
        fixture.enableNamespace();
        String before = tree.read(N + "/" + name);
        refuses(errno, () -> tree.write(N + "/" + name, good));
        refuses(errno, () -> tree.write(N + "/" + name, bad));
        assertThat(tree.read(N + "/" + name)).isEqualTo(before);
        tree.write(N + "/enable", "0");
        tree.write(N + "/" + name, good);
    }

    @ParameterizedTest
    @CsvSource({"allow_p2pmem, on, 0000:09:00.0, ENODEV", "p2pmem_strict, yes, bogus, EINVAL"})
    void anEnabledPortMayChangeWhereItStagesData(
            String name, String good, String bad, Errno errno) {
        fixture.enablePort();
        fixture.enableNamespace();
        tree.write(P + "/" + name, good);
        assertThat(tree.read(P + "/" + name)).isEqualTo("1");
        refuses(errno, () -> tree.write(P + "/" + name, bad));
        assertThat(tree.read(P + "/last_error")).contains(bad);
        assertThat(tree.read(P + "/" + name)).isEqualTo("1");
        tree.write(P + "/" + name, "0");
        assertThat(tree.read(P + "/" + name)).isEqualTo("0");
    }

    @Test
    void anEnabledNamespaceMayChangeItsAnaGroup() {
        fixture.enableNamespace();
        tree.write(N + "/ana_grpid", "128");
        assertThat(tree.read(N + "/ana_grpid")).isEqualTo("128");
    }

    @Test
    void enableIsIdempotentAndShowsTheErrnoOfTheMedium() {
        tree.write(N + "/device_path", "absent");
        refuses(Errno.ENOENT, () -> tree.write(N + "/enable", "1"));
        assertThat(tree.read(N + "/enable")).isEqualTo("0");
        assertThat(tree.read(N + "/last_error")).isEqualTo("absent does not exist");
        fixture.enableNamespace();
        tree.write(N + "/enable", "1");
        assertThat(tree.read(N + "/enable")).isEqualTo("1");
        tree.write(N + "/enable", "0");
        tree.write(N + "/enable", "0");
        assertThat(tree.read(N + "/enable")).isEqualTo("0");
    }

    @Test
    void revalidateSizeTakesOnlyATrueBooleanOnAnEnabledNamespace() {
        String attribute = N + "/revalidate_size";
        refuses(Errno.EINVAL, () -> tree.write(attribute, "1"));
        fixture.enableNamespace();
        refuses(Errno.EINVAL, () -> tree.write(attribute, "0"));
        refuses(Errno.EINVAL, () -> tree.write(attribute, "x"));
        assertThat(fixture.media.getFirst().grown).isFalse();
        tree.write(attribute, "1\n");
        assertThat(fixture.media.getFirst().grown).isTrue();
        refuses(Errno.EACCES, () -> tree.read(attribute));
    }

    @ParameterizedTest
    @CsvSource({
        "attr_version, 1.3",
        "attr_serial, S1",
        "attr_model, M",
        "attr_firmware, F",
        "attr_ieee_oui, 1"
    })
    void aDiscoveredSubsystemKeepsItsIdentity(String name, String value) {
        String before = tree.read(S + "/" + name);
        fixture.subsystem().markDiscovered();
        refuses(Errno.EINVAL, () -> tree.write(S + "/" + name, value));
        assertThat(tree.read(S + "/" + name)).isEqualTo(before);
    }

    @ParameterizedTest
    @CsvSource({
        "attr_vendor_id, 1",
        "attr_subsys_vendor_id, 1",
        "attr_cntlid_min, 2",
        "attr_cntlid_max, 9",
        "attr_qid_max, 3",
        "attr_allow_any_host, 1"
    })
    void aDiscoveredSubsystemMayChangeTheRest(String name, String value) {
        fixture.subsystem().markDiscovered();
        tree.write(S + "/" + name, value);
    }

    @Test
    void controllerIdLimitsMayMeetButNotCross() {
        tree.write(S + "/attr_cntlid_max", "10");
        tree.write(S + "/attr_cntlid_min", "10");
        refuses(Errno.EINVAL, () -> tree.write(S + "/attr_cntlid_min", "11"));
        refuses(Errno.EINVAL, () -> tree.write(S + "/attr_cntlid_max", "9"));
    }

    @Test
    void anyHostCannotBeAllowedBesideNamedOnes() {
        tree.symlink(S + "/allowed_hosts/h", "hosts/nqn.h");
        refuses(Errno.EINVAL, () -> tree.write(S + "/attr_allow_any_host", "1"));
        tree.write(S + "/attr_allow_any_host", "0");
        tree.unlink(S + "/allowed_hosts/h");
        tree.write(S + "/attr_allow_any_host", "1");
    }

    @Test
    void anaStatesMayAlwaysChange() {
        fixture.enablePort();
        fixture.enableNamespace();
        tree.write(G + "/ana_state", "inaccessible");
        assertThat(tree.read(G + "/ana_state")).isEqualTo("inaccessible");
    }

    @Test
    void theDiscoveryNameIsComparedAsAWhole() {
        tree.write("discovery_nqn", "nqn");
        refuses(Errno.EINVAL, () -> tree.write("discovery_nqn", "nqn.s"));
        assertThat(tree.read("discovery_nqn")).isEqualTo("nqn");
    }
}
