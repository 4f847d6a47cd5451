package org.jnvmet.conf;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jnvmet.configfs.model.NvmetTree;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Staging;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;

/** A target with its tree, real but for the network: its addresses are free or taken as a test says. */
final class NvmetFixture implements Transaction.Scratch {
    private final IoWorkers workers = new IoWorkers(1);
    private final Network network = new Network();
    private final Target target =
            new Target(
                    List.of(network, new Rdma()), List.of(new Backends(workers)), new Memories());
    private final ConfigTree tree = NvmetTree.of(target);

    /** Addresses that somebody else uses. */
    final Set<String> taken = new HashSet<>();

    /** Why there is no RDMA; null: there is. */
    @Nullable String noRdma = "librdmacm is not installed";

    /** How often a port began to listen, by address. */
    final Map<String, Integer> listens = new HashMap<>();

    /** Functions with peer memory. */
    final Set<String> memories;

    NvmetFixture(String... memories) {
        this.memories = new HashSet<>(List.of(memories));
    }

    /** Knows which peer memory there is, and stages nothing in it. */
    private final class Memories implements Staging {
        @Override
        public PeerMemory parse(String text) {
            return memories.contains(text) ? PeerMemory.of(text) : Staging.super.parse(text);
        }
    }

    /** A transport without sockets. */
    private final class Network implements Transport {
        private final Set<String> own = new HashSet<>();

        @Override
        public String name() {
            return "tcp";
        }

        @Override
        public Limits limits() {
            return new Limits(3, 1 << 20, 16 << 10, 1 << 20, 128, 1024, 0, 1);
        }

        @Override
        public Listener listen(Target target, Port port) {
            Port.Address address = port.address();
            if (!address.traddr().matches("[0-9.]+")) {
                throw new ConfigException(
                        Errno.EINVAL, "addr_traddr: " + address.traddr() + " is no IPv4 address");
            }
            String text = address.traddr() + ":" + address.trsvcid();
            if (taken.contains(text) || !own.add(text)) {
                throw new ConfigException(Errno.EADDRINUSE, text + " is in use");
            }
            listens.merge(text, 1, Integer::sum);
            return () -> own.remove(text);
        }

        @Override
        public void close() {}
    }

    /** As that transport is where nothing can be done about the missing device. */
    private final class Rdma implements Transport {
        @Override
        public String name() {
            return "rdma";
        }

        @Override
        public Limits limits() {
            return new Limits(1, 1 << 20, 4 << 10, 16 << 10, 128, 256, 0x100005, 16);
        }

        @Override
        public Listener listen(Target target, Port port) {
            String why = noRdma;
            if (why != null) {
                throw new ConfigException(Errno.ENODEV, why);
            }
            return network.listen(target, port);
        }

        @Override
        public void close() {}
    }

    Target target() {
        return target;
    }

    @Override
    public ConfigTree tree() {
        return tree;
    }

    void mkdir(String path) {
        tree.mkdir(path);
    }

    void write(String path, String value) {
        tree.write(path, value);
    }

    String read(String path) {
        return tree.read(path);
    }

    void link(String path, String target) {
        tree.symlink(path, target);
    }

    TreeImage image() {
        return TreeImage.of(tree);
    }

    @Override
    public void close() {
        target.close();
        workers.close();
    }
}
