package org.jnvmet.app;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.conf.Transaction;
import org.jnvmet.configfs.fuse.FuseMount;
import org.jnvmet.configfs.model.NvmetTree;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.transport.loop.LoopTransport;
import org.jnvmet.transport.rdma.RdmaSettings;
import org.jnvmet.transport.rdma.RdmaTransport;
import org.jnvmet.transport.rdma.VerbsSource;
import org.jnvmet.transport.tcp.TcpSettings;
import org.jnvmet.transport.tcp.TcpTransport;
import org.jnvmet.verbs.linux.LinuxVerbs;

/** A target put together from its parts: transports, media and the tree that configures it. */
final class Assembly implements AutoCloseable {
    private final IoWorkers workers = new IoWorkers(IoWorkers.DEFAULT_THREADS);
    private final PeerStaging staging;
    private final TcpTransport tcp;
    private final RdmaTransport rdma;
    private final VerbsSource verbs;
    private final Target target;
    private final ConfigTree tree;

    /** With this many event loops for each fabric; {@code staging} is closed with the target. */
    Assembly(int threads, PeerStaging staging) {
        this(threads, new RdmaOptions().settings(threads), LinuxVerbs::open, staging);
    }

    /** As {@link #Assembly(int, PeerStaging)}, with RDMA of that source, which is asked when a port wants it. */
    Assembly(int threads, RdmaSettings settings, VerbsSource verbs, PeerStaging staging) {
        this.staging = staging;
        this.verbs = verbs;
        tcp = open(() -> new TcpTransport(TcpSettings.DEFAULTS.withLoops(threads)));
        rdma = open(() -> new RdmaTransport(settings, verbs));
        target =
                new Target(
                        List.of(tcp, rdma, new LoopTransport()),
                        List.of(new Backends(workers)),
                        staging);
        tree = NvmetTree.of(target);
    }

    private static <T> T open(Supplier<T> transport) {
        try {
            return transport.get();
        } catch (IllegalStateException unavailable) {
            throw new CommandFailure(String.valueOf(unavailable.getMessage()));
        }
    }

    PeerStaging staging() {
        return staging;
    }

    Target target() {
        return target;
    }

    ConfigTree tree() {
        return tree;
    }

    /** Applies configurations to this target, each tried out first. */
    Transaction transaction() {
        return new Transaction(() -> new Rehearsal(tcp, rdma, verbs, staging));
    }

    /** The TCP port number that a port listens on, also where the system chose it; 0 where it does not listen. */
    int boundTcpPort(Port port) {
        var bound = tcp.boundAddress(port);
        return bound == null ? 0 : bound.getPort();
    }

    /** Shows the tree as a file system. */
    FuseMount mount(Path directory) {
        try {
            return FuseMount.mount(directory, tree);
        } catch (IOException failure) {
            throw new CommandFailure("--mount " + directory + ": " + failure.getMessage());
        }
    }

    @Override
    public void close() {
        target.close();
        workers.close();
    }
}
