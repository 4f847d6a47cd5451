package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.target.TargetFixture.HOST;
import static org.jnvmet.target.TargetFixture.refuses;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;

class TargetTest {
    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;

    @Test
    void hasTheVersionOfTheBuild() throws Exception {
        assertThat(Files.readString(Path.of("pom.xml"))).contains("<version>" + Target.VERSION);
    }

    @Test
    void refusesNamesThatCannotBeSubsystems() {
        refuses(Errno.EINVAL, () -> target.createSubsystem(Target.DISCOVERY_NQN));
        refuses(Errno.EINVAL, () -> target.createSubsystem(""));
        refuses(Errno.EINVAL, () -> target.createSubsystem("x".repeat(223)));
        refuses(Errno.EINVAL, () -> target.createSubsystem("\u00fc".repeat(112)));
        target.discoveryNqn("nqn.mine");
        refuses(Errno.EINVAL, () -> target.createSubsystem("nqn.mine"));
        target.createSubsystem("x".repeat(222));
        refuses(Errno.EEXIST, () -> target.createSubsystem("x".repeat(222)));
        target.createSubsystem("foo");
    }

    @Test
    void findsTheDiscoverySubsystemByBothNames() {
        target.discoveryNqn("nqn.mine");
        Subsystem discovery = target.discoverySubsystem();
        assertThat(target.subsystem("nqn.mine")).isSameAs(discovery);
        assertThat(target.subsystem(Target.DISCOVERY_NQN)).isSameAs(discovery);
        assertThat(discovery.nqn()).isEqualTo("nqn.mine");
        assertThat(discovery.isDiscovery()).isTrue();
        assertThat(discovery.allows("nqn.anybody")).isTrue();
        assertThat(target.subsystems()).isEmpty();
    }

    @Test
    void comparesTheWholeDiscoveryName() {
        target.createSubsystem("nqn.prefix.rest");
        target.discoveryNqn("nqn.prefix");
        refuses(Errno.EINVAL, () -> target.discoveryNqn("nqn.prefix.rest"));
        refuses(Errno.EINVAL, () -> target.discoveryNqn(""));
        refuses(Errno.EINVAL, () -> target.discoveryNqn("x".repeat(256)));
        target.discoveryNqn("x".repeat(255));
        assertThat(target.subsystem("nqn.prefix")).isNull();
    }

    @Test
    void removesASubsystemOnlyWhenItIsUnlinkedAndEmpty() {
        Subsystem subsystem = target.createSubsystem("nqn.a");
        Port port = fixture.port(1);
        Namespace namespace = subsystem.createNamespace(1);
        port.link(subsystem);
        refuses(Errno.EBUSY, () -> target.removeSubsystem(subsystem));
        port.unlink(subsystem);
        refuses(Errno.ENOTEMPTY, () -> target.removeSubsystem(subsystem));
        subsystem.removeNamespace(namespace);
        Host host = target.createHost(HOST);
        subsystem.allowHost(host);
        refuses(Errno.ENOTEMPTY, () -> target.removeSubsystem(subsystem));
        subsystem.disallowHost(host);
        target.removeSubsystem(subsystem);
        assertThat(target.subsystem("nqn.a")).isNull();
        refuses(Errno.ENOENT, () -> target.removeSubsystem(subsystem));
        refuses(Errno.ENOENT, () -> subsystem.createNamespace(1));
        target.createSubsystem("nqn.a");
    }

    @Test
    void takesPortIdsOfSixteenBits() {
        target.createPort(0);
        target.createPort(65535);
        refuses(Errno.EINVAL, () -> target.createPort(65536));
        refuses(Errno.EINVAL, () -> target.createPort(-1));
        refuses(Errno.EEXIST, () -> target.createPort(0));
        assertThat(target.ports().stream().map(Port::id)).containsExactly(0, 65535);
    }

    @Test
    void takesAHostOfANameOnce() {
        Host host = target.createHost("any name");
        refuses(Errno.EEXIST, () -> target.createHost("any name"));
        target.removeHost(host);
        refuses(Errno.ENOENT, () -> target.removeHost(host));
        assertThat(target.hosts()).isEmpty();
    }
}
