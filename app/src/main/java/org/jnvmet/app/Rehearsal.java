package org.jnvmet.app;

import java.util.List;
import org.jnvmet.conf.Transaction;
import org.jnvmet.configfs.model.NvmetTree;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.spi.Staging;
import org.jnvmet.transport.loop.LoopTransport;
import org.jnvmet.transport.rdma.RdmaRehearsal;
import org.jnvmet.transport.rdma.RdmaSettings;
import org.jnvmet.transport.rdma.RdmaTransport;
import org.jnvmet.transport.rdma.VerbsSource;
import org.jnvmet.transport.tcp.TcpRehearsal;
import org.jnvmet.transport.tcp.TcpSettings;
import org.jnvmet.transport.tcp.TcpTransport;
import org.jnvmet.verbs.linux.LinuxVerbs;
import org.jspecify.annotations.Nullable;

/** A target like the real one that nobody can reach: what a configuration does is tried here first. */
final class Rehearsal implements Transaction.Scratch {
    private final IoWorkers workers = new IoWorkers(1);
    private final Target target;
    private final ConfigTree tree;

    /** Of a configuration for whatever may run on this machine; {@code judge} says what peer memory there is. */
    Rehearsal(Staging judge) {
        this(null, null, LinuxVerbs::open, judge);
    }

    /** As {@link #Rehearsal(Staging)}, for the target that has these transports and gets its RDMA there. */
    Rehearsal(
            @Nullable TcpTransport tcp,
            @Nullable RdmaTransport rdma,
            VerbsSource verbs,
            Staging judge) {
        target =
                new Target(
                        List.of(
                                new TcpRehearsal(TcpSettings.DEFAULTS, tcp),
                                new RdmaRehearsal(RdmaSettings.DEFAULTS, verbs, rdma),
                                new LoopTransport()),
                        List.of(new Backends(workers)),
                        new RehearsedStaging(judge));
        tree = NvmetTree.of(target);
    }

    @Override
    public ConfigTree tree() {
        return tree;
    }

    @Override
    public void close() {
        target.close();
        workers.close();
    }
}
