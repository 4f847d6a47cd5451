package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.fabrics.DiscoveryEntry;
import org.jnvmet.wire.fabrics.DiscoveryHeader;

/** Reads the discovery log: consistently, since it begins again when the log changes meanwhile. */
@CheckReturnValue
public final class Discovery {
    /** Most records that are read; a log that claims more is refused. */
    public static final int MAX_RECORDS = 65_536;

    private static final int RECORDS_PER_READ = 4;
    private static final int ATTEMPTS = 10;

    private Discovery() {}

    /**
     * The discovery log at one moment.
     *
     * @param generation changes with every change of the log
     */
    public record Log(long generation, List<Entry> entries) {}

    /**
     * What an entry says of RDMA; see {@link DiscoveryEntry} for the numbers.
     *
     * @param queuePairs RDMA_QPTYPE
     * @param provider RDMA_PRTYPE
     * @param connections RDMA_CMS
     * @param partitionKey RDMA_PKEY, for InfiniBand
     */
    public record Rdma(int queuePairs, int provider, int connections, int partitionKey) {
        /** What a target says that leaves the rest to the connection manager. */
        public static final Rdma CONNECTED = new Rdma(1, 1, 1, 0);
    }

    /**
     * One entry of the log, as values; see {@link DiscoveryEntry} for the numbers.
     *
     * @param securityType of TCP; of no meaning for others
     * @param rdma of RDMA; of no meaning for others
     */
    public record Entry(
            int transport,
            int addressFamily,
            int subtype,
            int requirements,
            int portId,
            int controllerId,
            int adminEntries,
            int flags,
            String serviceId,
            String subsystemNqn,
            String address,
            int securityType,
            Rdma rdma) {

        static Entry of(DiscoveryEntry view) {
            return new Entry(
                    view.getInt(DiscoveryEntry.TRTYPE),
                    view.getInt(DiscoveryEntry.ADRFAM),
                    view.getInt(DiscoveryEntry.SUBTYPE),
                    view.getInt(DiscoveryEntry.TREQ),
                    view.getInt(DiscoveryEntry.PORTID),
                    view.getInt(DiscoveryEntry.CNTLID),
                    view.getInt(DiscoveryEntry.ASQSZ),
                    view.getInt(DiscoveryEntry.EFLAGS),
                    view.get(DiscoveryEntry.TRSVCID),
                    view.get(DiscoveryEntry.SUBNQN),
                    view.get(DiscoveryEntry.TRADDR),
                    view.getInt(DiscoveryEntry.TSAS_TCP_SECTYPE),
                    new Rdma(
                            view.getInt(DiscoveryEntry.TSAS_RDMA_QPTYPE),
                            view.getInt(DiscoveryEntry.TSAS_RDMA_PRTYPE),
                            view.getInt(DiscoveryEntry.TSAS_RDMA_CMS),
                            view.getInt(DiscoveryEntry.TSAS_RDMA_PKEY)));
        }
    }

    /** Connects to the discovery controller, reads its log and disconnects. */
    public static Log read(Host host, ConnectOptions options) {
        try (HostController controller = host.connect(options)) {
            return read(controller);
        }
    }

    /** Reads the log of a connected discovery controller. */
    public static Log read(HostController controller) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            DiscoveryHeader before = header(controller);
            long generation = before.get(DiscoveryHeader.GENCTR);
            List<Entry> entries = entries(controller, before.get(DiscoveryHeader.NUMREC));
            if (header(controller).get(DiscoveryHeader.GENCTR) == generation) {
                return new Log(generation, entries);
            }
        }
        throw new HostException("the discovery log changed during each of " + ATTEMPTS + " reads");
    }

    private static DiscoveryHeader header(HostController controller) {
        MemorySegment data = page(controller, DiscoveryHeader.BYTES, 0);
        DiscoveryHeader header = new DiscoveryHeader().wrap(data, 0);
        long format = header.get(DiscoveryHeader.RECFMT);
        if (format != 0) {
            throw new ProtocolViolation("discovery log of the unknown record format " + format);
        }
        return header;
    }

    private static List<Entry> entries(HostController controller, long count) {
        if (count < 0 || count > MAX_RECORDS) {
            throw new ProtocolViolation(
                    "discovery log of " + Long.toUnsignedString(count) + " records");
        }
        List<Entry> entries = new ArrayList<>();
        DiscoveryEntry view = new DiscoveryEntry();
        while (entries.size() < count) {
            int some = (int) Math.min(RECORDS_PER_READ, count - entries.size());
            long offset = DiscoveryHeader.BYTES + (long) entries.size() * DiscoveryEntry.BYTES;
            MemorySegment data = page(controller, some * DiscoveryEntry.BYTES, offset);
            for (int i = 0; i < some; i++) {
                entries.add(Entry.of(view.wrap(data, (long) i * DiscoveryEntry.BYTES)));
            }
        }
        return entries;
    }

    private static MemorySegment page(HostController controller, int bytes, long offset) {
        return controller.getLogPage(LogPage.DISCOVERY, bytes, offset).orThrow().data();
    }
}
