package org.jnvmet.app.nvme;

import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import picocli.CommandLine.Command;

/** {@code jnvmet identify-ctrl}: what a controller says of itself. */
@Command(
        name = "identify-ctrl",
        aliases = "id-ctrl",
        description = "Prints what Identify Controller says, as 'nvme id-ctrl' does.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = "  jnvmet identify-ctrl -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo")
public final class IdentifyControllerCommand extends ReportCommand {
    @Override
    Report report(Host host) {
        try (HostController controller = connect(host, connection().toAdminQueue())) {
            return new ControllerReport(controller.identifyController());
        }
    }
}
