package org.jnvmet.app.nvme;

import org.jnvmet.host.Discovery;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import picocli.CommandLine.Command;

/** {@code jnvmet discover}: what a discovery controller knows. */
@Command(
        name = "discover",
        description = "Prints the log of a discovery controller, as 'nvme discover' does.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet discover -a 192.0.2.1               the discovery service on its own port, 8009",
            "  jnvmet discover -a 192.0.2.1 -s 4420 -o json"
        })
public final class DiscoverCommand extends ReportCommand {
    @Override
    Report report(Host host) {
        try (HostController controller = connect(host, connection().toDiscovery())) {
            return new DiscoveryReport(Discovery.read(controller));
        }
    }
}
