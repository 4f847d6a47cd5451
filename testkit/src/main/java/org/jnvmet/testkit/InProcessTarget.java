package org.jnvmet.testkit;

import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Namespace;
import org.jspecify.annotations.Nullable;

/** Our target, in this process, for the suite of the host. */
public final class InProcessTarget implements HostTarget {
    private final TransportFixture fixture;
    private final TargetUnderTest target;
    private @Nullable Namespace second;

    public InProcessTarget(TransportFixture fixture) {
        this.fixture = fixture;
        target = new TargetUnderTest(fixture);
        target.linkAnother(); // so that the port listens on when the subsystem is unlinked
    }

    @Override
    public HostTransport hostTransport() {
        return fixture.hostTransport();
    }

    @Override
    public ConnectOptions way(String subsystemNqn) {
        return target.way(ConnectOptions.to(subsystemNqn));
    }

    @Override
    public ConnectOptions wayToDiscovery() {
        return target.way(ConnectOptions.toDiscovery());
    }

    @Override
    public String subsystemNqn() {
        return TargetUnderTest.SUBSYSTEM;
    }

    @Override
    public void secondNamespace(boolean enabled) {
        Namespace current = second;
        if (enabled && current == null) {
            second = target.namespace(2, "mem:1M");
        } else if (!enabled && current != null) {
            target.subsystem().removeNamespace(current);
            second = null;
        }
    }

    @Override
    public void allowAnyHost(boolean allowed) {
        target.subsystem().allowAnyHost(allowed);
    }

    @Override
    public void cutConnections() {
        target.port().unlink(target.subsystem());
        target.port().link(target.subsystem());
    }

    @Override
    public void close() {
        target.close();
    }
}
