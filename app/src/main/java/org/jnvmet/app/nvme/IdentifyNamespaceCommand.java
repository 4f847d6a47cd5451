package org.jnvmet.app.nvme;

import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyNamespace;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code jnvmet identify-ns}: what a controller says of a namespace. */
@Command(
        name = "identify-ns",
        aliases = "id-ns",
        description = "Prints what Identify Namespace says, as 'nvme id-ns' does.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = "  jnvmet identify-ns -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo -N 1")
public final class IdentifyNamespaceCommand extends ReportCommand {
    @Mixin private NamespaceArgument namespace = new NamespaceArgument();

    @Override
    Report report(Host host) {
        try (HostController controller = connect(host, connection().toAdminQueue())) {
            int nsid = namespace.of(controller);
            return new NamespaceReport(
                    nsid,
                    new IdentifyNamespace()
                            .wrap(controller.identify(Cns.NAMESPACE, nsid).orThrow().data(), 0));
        }
    }
}
