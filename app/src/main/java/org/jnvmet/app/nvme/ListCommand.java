package org.jnvmet.app.nvme;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Discovery;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import picocli.CommandLine.Command;

/** {@code jnvmet list}: what a discovery service offers, seen by a host that connects to all of it. */
@Command(
        name = "list",
        description = {
            "Lists the subsystems that a discovery controller knows, with their namespaces. Connects to each of them"
                    + " for a moment; one that cannot be reached is listed with the reason.",
        },
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet list -a 127.0.0.1 -s 4420",
            "  jnvmet list -a 192.0.2.1 -o json           the discovery service on its own port, 8009"
        })
public final class ListCommand extends ReportCommand {
    @Override
    Report report(Host host) {
        Discovery.Log log;
        try (HostController controller = connect(host, connection().toDiscovery())) {
            log = Discovery.read(controller);
        }
        List<ListReport.Offer> offers = new ArrayList<>();
        List<ListReport.Place> referrals = new ArrayList<>();
        for (Discovery.Entry entry : log.entries()) {
            switch (entry.subtype()) {
                case DiscoveryEntry.SUBTYPE_NVM -> offers.add(offer(host, entry));
                case DiscoveryEntry.SUBTYPE_REFERRAL -> referrals.add(place(entry));
                default -> {
                    // The service itself, or something that only its maker knows.
                }
            }
        }
        return new ListReport(offers, referrals);
    }

    private static ListReport.Place place(Discovery.Entry entry) {
        return new ListReport.Place(
                DiscoveryReport.transport(entry.transport()), entry.address(), entry.serviceId());
    }

    private ListReport.Offer offer(Host host, Discovery.Entry entry) {
        String nqn = entry.subsystemNqn();
        if (!Nqn.fits(nqn)) {
            return new ListReport.Unreachable(nqn, place(entry), "this is no name of a subsystem");
        }
        ConnectOptions options =
                connection().offered(entry.transport(), nqn, entry.address(), entry.serviceId());
        if (options == null) {
            return new ListReport.Unreachable(nqn, place(entry), "this host has no such transport");
        }
        try (HostController controller = connect(host, options.ioQueues(0))) {
            return reachable(controller, entry);
        } catch (CommandFailure | HostException failure) {
            return new ListReport.Unreachable(
                    nqn, place(entry), String.valueOf(failure.getMessage()));
        }
    }

    private static ListReport.Offer reachable(HostController controller, Discovery.Entry entry) {
        IdentifyController identity = controller.identity();
        List<ListReport.Disk> disks = new ArrayList<>();
        for (int nsid : NamespaceArgument.active(controller)) {
            var data = controller.identify(Cns.NAMESPACE, nsid).orThrow().data();
            IdentifyNamespace namespace = new IdentifyNamespace().wrap(data, 0);
            disks.add(
                    new ListReport.Disk(
                            nsid,
                            namespace.get(IdentifyNamespace.NSZE),
                            namespace.get(IdentifyNamespace.NUSE),
                            namespace.blockBytes(),
                            namespace.metadataBytes()));
        }
        return new ListReport.Reachable(
                entry.subsystemNqn(),
                place(entry),
                new ListReport.Model(
                        identity.get(IdentifyController.MN),
                        identity.get(IdentifyController.SN),
                        identity.get(IdentifyController.FR)),
                disks);
    }
}
