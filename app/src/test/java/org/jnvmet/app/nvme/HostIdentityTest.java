package org.jnvmet.app.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who this host is, by what the user and the machine say. */
final class HostIdentityTest {
    private static final String STORED_NQN = "nqn.2026-01.org.example:stored";
    private static final UUID STORED_ID = new UUID(1, 2);
    private static final String GIVEN_NQN = "nqn.2026-01.org.example:given";
    private static final UUID GIVEN_ID = new UUID(3, 4);
    private static final String OF_UUID = "nqn.2014-08.org.nvmexpress:uuid:";

    @TempDir private Path etc;

    private void store(String name, Object content) throws IOException {
        Files.createDirectories(etc.resolve("nvme"));
        Files.writeString(etc.resolve(name), content + "\n");
    }

    private void storeBoth() throws IOException {
        store("nvme/hostnqn", STORED_NQN);
        store("nvme/hostid", STORED_ID);
    }

    @Test
    void isWhatTheUserSays() throws IOException {
        storeBoth();
        assertThat(HostIdentity.of(GIVEN_NQN, GIVEN_ID, etc))
                .isEqualTo(new HostIdentity(GIVEN_NQN, GIVEN_ID));
    }

    @Test
    void isWhatTheMachineKeepsForNvmeCli() throws IOException {
        storeBoth();
        HostIdentity stored = new HostIdentity(STORED_NQN, STORED_ID);
        assertThat(HostIdentity.of(null, null, etc)).isEqualTo(stored);
        assertThat(HostIdentity.of(STORED_NQN, null, etc)).isEqualTo(stored);
    }

    @Test
    void doesNotGiveTheMachinesIdentifierToAnotherName() throws IOException {
        storeBoth();
        HostIdentity other = HostIdentity.of(GIVEN_NQN, null, etc);
        assertThat(other.id()).isNotEqualTo(STORED_ID);
        assertThat(HostIdentity.of(GIVEN_NQN, null, etc)).isEqualTo(other);
    }

    @Test
    void takesTheIdentifierOutOfTheName() {
        assertThat(HostIdentity.of(OF_UUID + GIVEN_ID, null, etc).id()).isEqualTo(GIVEN_ID);
    }

    @Test
    void makesANameOfTheIdentifier() {
        assertThat(HostIdentity.of(null, GIVEN_ID, etc))
                .isEqualTo(new HostIdentity(OF_UUID + GIVEN_ID, GIVEN_ID));
    }

    @Test
    void isTheSameEachTimeOnAMachineThatHasAnIdentifier() throws IOException {
        store("machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4");
        HostIdentity host = HostIdentity.of(null, null, etc);
        assertThat(HostIdentity.of(null, null, etc)).isEqualTo(host);
        assertThat(host.nqn()).isEqualTo(OF_UUID + host.id());
        assertThat(host.id().toString().replace("-", ""))
                .as("the machine's identifier stays in the machine")
                .isNotEqualTo("3d1219c7c4c5404aaa1f6d2a48adfda4");
    }

    @Test
    void isRandomOnAMachineThatHasNone() throws IOException {
        store("nvme/hostid", "not an identifier");
        assertThat(HostIdentity.of(null, null, etc)).isNotEqualTo(HostIdentity.of(null, null, etc));
    }
}
