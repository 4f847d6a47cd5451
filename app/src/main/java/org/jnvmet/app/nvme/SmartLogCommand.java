package org.jnvmet.app.nvme;

import org.jnvmet.host.AdminCommands;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.SmartLog;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code jnvmet smart-log}: health of a controller or a namespace. */
@Command(
        name = "smart-log",
        description = "Prints SMART and health information, as 'nvme smart-log' does.",
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = "  jnvmet smart-log -a 127.0.0.1 -n nqn.2026-01.org.jnvmet:demo")
public final class SmartLogCommand extends ReportCommand {
    private static final int CONTROLLER = 0xffff_ffff;

    @Option(
            names = {"-N", "--namespace-id"},
            paramLabel = "N",
            converter = NamespaceId.class,
            description = "Of this namespace only, where the controller keeps it. Default: of all.")
    private @Nullable Integer namespace;

    @Override
    Report report(Host host) {
        try (HostController controller = connect(host, connection().toAdminQueue())) {
            int nsid = namespace == null ? CONTROLLER : namespace;
            var command = AdminCommands.getLogPage(LogPage.SMART, true, SmartLog.BYTES, 0);
            var data = controller.admin(command.namespace(nsid)).orThrow().data();
            return new SmartReport(
                    controller.options().subsystemNqn(), nsid, new SmartLog().wrap(data, 0));
        }
    }
}
