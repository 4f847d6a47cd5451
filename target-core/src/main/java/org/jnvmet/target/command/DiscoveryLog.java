package org.jnvmet.target.command;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.AsyncEvents.Event;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Port;
import org.jnvmet.target.Referral;
import org.jnvmet.target.Request;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.QueueChannel;
import org.jnvmet.wire.admin.LogPageCommand;
import org.jnvmet.wire.fabrics.ConnectData;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.jnvmet.wire.fabrics.DiscoveryHeader;

/**
 * The Discovery log page as one host sees it through one connection (NVMe over Fabrics, Discovery Log
 * Page): the discovery subsystem itself, what the port exports to the host, referrals. Immutable.
 *
 * <p>A host reads a long log in pieces, and compares the generation at the end. The log is made anew
 * when it is read from its start; the other pieces come from that same log, so that they fit each other
 * whatever changes meanwhile. The generation is taken before the entries: a change while they are
 * collected makes the host read again.
 */
public final class DiscoveryLog {
    /** ASQSZ: what Linux hosts ask for anyway. */
    private static final int ADMIN_QUEUE_ENTRIES = 32;

    private final long generation;
    private final List<Entry> entries;

    private DiscoveryLog(long generation, List<Entry> entries) {
        this.generation = generation;
        this.entries = entries;
    }

    private record Entry(int subtype, String nqn, Port.Address address, int portId, int flags) {}

    /** The page, or the piece of it that is asked for. */
    static MemorySegment read(Request request, Controller controller) {
        LogPages.rearm(request, controller, Event.DISCOVERY_CHANGED);
        DiscoveryLog log = controller.discoveryLog();
        if (log == null || LogPageCommand.offset(request.sqe()) == 0) {
            log = make(controller, request.queue().channel());
            controller.discoveryLog(log);
        }
        return log.page();
    }

    private static DiscoveryLog make(Controller controller, QueueChannel channel) {
        Target target = controller.subsystem().target();
        long generation = target.generation();
        Port port = controller.port();
        Port.Address address = seenBy(channel, port.address());
        List<Entry> entries = new ArrayList<>();
        entries.add(
                new Entry(
                        DiscoveryEntry.SUBTYPE_CURRENT_DISCOVERY,
                        target.discoveryNqn(),
                        address,
                        port.id(),
                        DiscoveryEntry.EFLAG_PERSISTENT));
        for (Subsystem subsystem : port.subsystems()) {
            if (subsystem.allows(controller.hostNqn())) {
                entries.add(
                        new Entry(
                                DiscoveryEntry.SUBTYPE_NVM,
                                subsystem.nqn(),
                                address,
                                port.id(),
                                0));
            }
        }
        for (Referral referral : port.referrals()) {
            if (referral.enabled() && transportType(referral.address()) != 0) {
                entries.add(
                        new Entry(
                                DiscoveryEntry.SUBTYPE_REFERRAL,
                                Target.DISCOVERY_NQN,
                                referral.address(),
                                referral.portId(),
                                0));
            }
        }
        return new DiscoveryLog(generation, List.copyOf(entries));
    }

    /** A wildcard stands for the address that the host has reached. */
    private static Port.Address seenBy(QueueChannel channel, Port.Address address) {
        Port.Address seen = address;
        if (seen.traddr().equals("0.0.0.0") || seen.traddr().equals("::")) {
            String local = channel.localAddress();
            seen = seen.withTraddr(local).withAdrfam(local.indexOf(':') >= 0 ? "ipv6" : "ipv4");
        }
        if (seen.trsvcid().isEmpty() || seen.trsvcid().equals("0")) {
            seen = seen.withTrsvcid(channel.localService());
        }
        return seen;
    }

    private MemorySegment page() {
        MemorySegment page =
                LogPages.page(DiscoveryHeader.BYTES + (long) entries.size() * DiscoveryEntry.BYTES);
        new DiscoveryHeader()
                .wrap(page, 0)
                .set(DiscoveryHeader.GENCTR, generation)
                .set(DiscoveryHeader.NUMREC, entries.size());
        DiscoveryEntry view = new DiscoveryEntry();
        long at = DiscoveryHeader.BYTES;
        for (Entry entry : entries) {
            write(view.wrap(page, at), entry);
            at += DiscoveryEntry.BYTES;
        }
        return page;
    }

    private static void write(DiscoveryEntry view, Entry entry) {
        Port.Address address = entry.address;
        view.set(DiscoveryEntry.TRTYPE, transportType(address))
                .set(DiscoveryEntry.ADRFAM, addressFamily(address.adrfam()))
                .set(DiscoveryEntry.SUBTYPE, entry.subtype)
                .set(DiscoveryEntry.TREQ, requirements(entry))
                .set(DiscoveryEntry.PORTID, entry.portId)
                .set(DiscoveryEntry.CNTLID, ConnectData.DYNAMIC_CONTROLLER)
                .set(DiscoveryEntry.ASQSZ, ADMIN_QUEUE_ENTRIES)
                .set(DiscoveryEntry.EFLAGS, entry.flags)
                .set(DiscoveryEntry.TRSVCID, address.trsvcid())
                .set(DiscoveryEntry.SUBNQN, entry.nqn)
                .set(DiscoveryEntry.TRADDR, address.traddr());
        if (address.tsas().equals("tls1.3")) {
            view.set(DiscoveryEntry.TSAS_TCP_SECTYPE, DiscoveryEntry.SECTYPE_TLS13);
        } else if (address.trtype().equals("rdma")) {
            view.set(DiscoveryEntry.TSAS_RDMA_QPTYPE, 1)
                    .set(DiscoveryEntry.TSAS_RDMA_PRTYPE, 1)
                    .set(DiscoveryEntry.TSAS_RDMA_CMS, 1);
        }
    }

    /** TRTYPE, or 0 for one that a host cannot reach over a fabric. */
    private static int transportType(Port.Address address) {
        return switch (address.trtype()) {
            case "rdma" -> DiscoveryEntry.TRTYPE_RDMA;
            case "fc" -> DiscoveryEntry.TRTYPE_FC;
            case "tcp" -> DiscoveryEntry.TRTYPE_TCP;
            case "loop" -> DiscoveryEntry.TRTYPE_LOOP;
            default -> 0;
        };
    }

    private static int addressFamily(String text) {
        return switch (text) {
            case "ipv4" -> DiscoveryEntry.ADRFAM_IPV4;
            case "ipv6" -> DiscoveryEntry.ADRFAM_IPV6;
            case "ib" -> DiscoveryEntry.ADRFAM_IB;
            case "fc" -> DiscoveryEntry.ADRFAM_FC;
            case "loop" -> DiscoveryEntry.ADRFAM_LOOP;
            default -> 0;
        };
    }

    private static int requirements(Entry entry) {
        int channel =
                switch (entry.address.treq()) {
                    case "required" -> DiscoveryEntry.TREQ_REQUIRED;
                    case "not required" -> DiscoveryEntry.TREQ_NOT_REQUIRED;
                    default -> DiscoveryEntry.TREQ_NOT_SPECIFIED;
                };
        boolean own = entry.subtype != DiscoveryEntry.SUBTYPE_REFERRAL;
        return own ? channel | DiscoveryEntry.TREQ_DISABLE_SQ_FLOW_CONTROL : channel;
    }
}
