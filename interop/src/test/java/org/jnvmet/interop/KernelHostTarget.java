package org.jnvmet.interop;

import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.testkit.HostTarget;

/** The target of a Linux kernel, for the suite of the host; one machine serves many tests. */
final class KernelHostTarget implements HostTarget {
    private static final String NQN = "nqn.2026-01.org.jnvmet:host-conformance";

    private final TargetMachine kernel;
    private final Function<String, HostTransport> transports;
    private final UnaryOperator<ConnectOptions> over;

    /**
     * A target in its first state.
     *
     * @param transports makes the host's transport with that name
     * @param over chooses the transport and the address
     */
    KernelHostTarget(
            TargetMachine kernel,
            Function<String, HostTransport> transports,
            UnaryOperator<ConnectOptions> over) {
        this.kernel = kernel;
        this.transports = transports;
        this.over = over;
        tree(
                """
                clear_tree
                serve "$(memory_disk)"
                mkdir "subsystems/$NQN/namespaces/2"
                echo "$(memory_disk)" >"subsystems/$NQN/namespaces/2/device_path"
                """);
    }

    private void tree(String script) {
        String variables = "NQN=%s\nPORT=%d\n".formatted(NQN, kernel.service(0));
        kernel.attempt(variables, script).expectSuccess(script);
    }

    @Override
    public HostTransport hostTransport() {
        return transports.apply(way(NQN).transport());
    }

    private ConnectOptions complete(ConnectOptions options) {
        return over.apply(options).service(Integer.toString(kernel.service(0)));
    }

    @Override
    public ConnectOptions way(String subsystemNqn) {
        return complete(ConnectOptions.to(subsystemNqn));
    }

    @Override
    public ConnectOptions wayToDiscovery() {
        return complete(ConnectOptions.toDiscovery());
    }

    @Override
    public String subsystemNqn() {
        return NQN;
    }

    @Override
    public void secondNamespace(boolean enabled) {
        tree("echo %d >subsystems/$NQN/namespaces/2/enable".formatted(enabled ? 1 : 0));
    }

    @Override
    public void allowAnyHost(boolean allowed) {
        tree("echo %d >subsystems/$NQN/attr_allow_any_host".formatted(allowed ? 1 : 0));
    }

    @Override
    public void cutConnections() {
        tree("unlink 1; link 1");
    }

    @Override
    public void close() {
        tree("clear_tree");
    }
}
