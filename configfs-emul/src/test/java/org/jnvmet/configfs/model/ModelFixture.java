package org.jnvmet.configfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BlockOperation;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/** The tree of a target whose transports listen nowhere and whose media hold nothing. */
final class ModelFixture {
    static final String S = "subsystems/nqn.s";
    static final String N = S + "/namespaces/1";
    static final String P = "ports/1";
    static final String R = P + "/referrals/r";
    static final String G = P + "/ana_groups/1";

    final List<Medium> media = Collections.synchronizedList(new ArrayList<>());
    final Target target =
            new Target(List.of(new Wire("tcp"), new Wire("loop")), List.of(this::open));
    final ConfigTree tree = NvmetTree.of(target);

    /** One thing of each kind, all as mkdir makes them. */
    ModelFixture withOneOfEach() {
        for (String directory : List.of("hosts/nqn.h", S, N, P, R)) {
            tree.mkdir(directory);
        }
        return this;
    }

    Subsystem subsystem() {
        return Objects.requireNonNull(target.subsystem("nqn.s"));
    }

    void enableNamespace() {
        tree.write(N + "/device_path", "disk");
        tree.write(N + "/enable", "1");
    }

    void enablePort() {
        tree.write(P + "/addr_trtype", "tcp");
        tree.symlink(P + "/subsystems/s", S);
    }

    static void refuses(Errno errno, ThrowingCallable change) {
        assertThatThrownBy(change)
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private @Nullable Backend open(String path, boolean buffered) {
        if (path.startsWith("absent")) {
            throw new ConfigException(Errno.ENOENT, path + " does not exist");
        }
        Medium medium = new Medium();
        media.add(medium);
        return medium;
    }

    /** A transport that always succeeds. */
    private record Wire(String name) implements Transport {
        @Override
        public Limits limits() {
            return name.equals("loop")
                    ? new Limits(254, 1 << 20, 0, 0, 1024, 1024, 0, 1)
                    : new Limits(3, 1 << 20, 16384, 65536, 1024, 1024, 0, 1);
        }

        @Override
        public Listener listen(Target target, Port port) {
            return () -> {};
        }

        @Override
        public void close() {}
    }

    /** A medium without data. */
    static final class Medium implements Backend {
        /** Runs inside {@link #close}. */
        volatile Runnable duringClose = () -> {};

        volatile boolean grown;

        @Override
        public int blockShift() {
            return 12;
        }

        @Override
        public long blocks() {
            return grown ? 200 : 100;
        }

        @Override
        public boolean revalidate() {
            boolean changed = !grown;
            grown = true;
            return changed;
        }

        @Override
        public void submit(BlockOperation operation) {
            operation.done(Status.SUCCESS);
        }

        @Override
        public Traits traits() {
            return new Traits(false, 0, 4096, false, false);
        }

        @Override
        public void close() {
            duringClose.run();
        }
    }
}
