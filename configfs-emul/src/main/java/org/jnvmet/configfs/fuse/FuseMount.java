package org.jnvmet.configfs.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.posix.Errno;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A {@link ConfigTree} mounted on a directory. Shows as {@code jnvmet} of type {@code fuse.jnvmet} in /proc/mounts.
 * Should somebody unmount it, the target goes on serving.
 */
public final class FuseMount implements AutoCloseable {
    static final String TYPE = "fuse.jnvmet";

    private static final Logger LOG = LoggerFactory.getLogger(FuseMount.class);
    private static final Duration START_LIMIT = Duration.ofSeconds(10);
    private static final Duration REACH_LIMIT = Duration.ofSeconds(2);
    private static final Duration END_LIMIT = Duration.ofSeconds(2);
    private static final int MOST_STALE_MOUNTS = 64;

    private final String directory;
    private final String device;
    private final Server server;
    private final Nodes nodes;
    private final Handles handles;

    private FuseMount(String directory, MountTable.Mount mounted, Channel channel, ConfigTree tree)
            throws IOException {
        this.directory = directory;
        this.device = mounted.device();
        this.nodes = new Nodes(tree);
        this.handles = new Handles();
        Answers answers = new Answers(tree, Libc.effectiveUser(), Libc.effectiveGroup());
        LinkTargets targets = new LinkTargets(tree, device);
        this.server = new Server(channel, new Operations(tree, nodes, handles, answers, targets));
    }

    /**
     * Mounts the tree. A mount that a killed process left behind is replaced.
     *
     * @throws IOException one sentence that says what is in the way, or what is needed
     */
    public static FuseMount mount(Path directory, ConfigTree tree) throws IOException {
        String path = directory.toAbsolutePath().normalize().toString();
        clearStaleMounts(path);
        if (!Files.isDirectory(directory)) {
            throw new IOException("cannot mount on " + path + ": it is no directory");
        }
        path = directory.toRealPath().toString();
        clearStaleMounts(path);
        Channel channel = openChannel();
        try {
            attach(channel, path);
        } catch (IOException failure) {
            channel.release();
            throw failure;
        }
        return serve(channel, path, tree);
    }

    private static FuseMount serve(Channel channel, String path, ConfigTree tree)
            throws IOException {
        MountTable.Mount mounted =
                MountTable.of("self")
                        .at(path)
                        .orElseThrow(() ->
                                new IOException("the mount on " + path + " vanished at once"));
        FuseMount mount = new FuseMount(path, mounted, channel, tree);
        try {
            mount.server.start(START_LIMIT);
        } catch (IOException failure) {
            mount.close();
            throw new IOException("cannot mount on " + path + ": " + failure.getMessage(), failure);
        } catch (InterruptedException interrupted) {
            mount.close();
            Thread.currentThread().interrupt();
            throw new IOException("mounting on " + path + " was interrupted", interrupted);
        }
        LOG.info("configuration tree mounted on {}", path);
        return mount;
    }

    private static Channel openChannel() throws IOException {
        try {
            return Channel.open();
        } catch (Libc.Failure failure) {
            String need =
                    failure.is(Errno.EACCES) || failure.is(Errno.EPERM)
                            ? "run as root, or give this user the right to it; a container needs --device /dev/fuse"
                            : "load the kernel module fuse; a container needs --device /dev/fuse";
            throw new IOException(
                    "cannot open /dev/fuse (" + failure.getMessage() + "): " + need, failure);
        }
    }

    private static void attach(Channel channel, String path) throws IOException {
        String options =
                "fd="
                        + channel.fd()
                        + ",rootmode=40000,user_id="
                        + Libc.effectiveUser()
                        + ",group_id="
                        + Libc.effectiveGroup()
                        + ",default_permissions,allow_other";
        try {
            Libc.mount("jnvmet", path, TYPE, options);
        } catch (Libc.Failure failure) {
            if (failure.is(Errno.EPERM)) {
                throw new IOException(
                        "mounting on "
                                + path
                                + " needs CAP_SYS_ADMIN: run as root, or in a namespace of your own"
                                + " with unshare -Urm",
                        failure);
            }
            throw new IOException("cannot mount on " + path + ": " + failure.getMessage(), failure);
        }
    }

    /** Unmounts what a killed process left; refuses when a mount of ours is alive there. */
    private static void clearStaleMounts(String path) throws IOException {
        for (int count = 0; count < MOST_STALE_MOUNTS; count++) {
            boolean ours =
                    MountTable.of("self")
                            .at(path)
                            .filter(mount -> mount.type().startsWith("fuse"))
                            .isPresent();
            if (!ours) {
                return;
            }
            if (isAlive(path)) {
                throw new IOException(
                        path
                                + " is a live mount already: unmount it, or stop the jnvmet that serves it");
            }
            LOG.info("{} is a mount whose process is gone: unmounting it", path);
            Libc.unmount(path, Libc.MNT_DETACH);
        }
        throw new IOException(path + " has more than " + MOST_STALE_MOUNTS + " stale mounts on it");
    }

    /** A mount whose process does not answer counts as alive: it may be stopped in a debugger. */
    private static boolean isAlive(String path) {
        FutureTask<Boolean> reached =
                new FutureTask<>(() -> {
                    try {
                        Libc.reach(path);
                        return true;
                    } catch (Libc.Failure failure) {
                        return !failure.is(Errno.ENOTCONN);
                    }
                });
        Thread.ofPlatform().daemon().name("fuse-probe").start(reached);
        try {
            return reached.get(REACH_LIMIT.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException | ExecutionException hangs) {
            return true;
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            return true;
        }
    }

    /** Nodes that the kernel knows, without the root. */
    int nodesKnown() {
        return nodes.size();
    }

    /** Files that are open. */
    int filesOpen() {
        return handles.size();
    }

    /** Waits until the tree is unmounted, by {@link #close} or from outside. */
    public boolean awaitUnmount(Duration limit) throws InterruptedException {
        return server.awaitEnd(limit);
    }

    /**
     * Unmounts; operations that are under way are cut off and get ECONNABORTED if they keep it busy. Does nothing when
     * the tree is no longer mounted here.
     */
    @Override
    public synchronized void close() {
        try {
            if (server.awaitEnd(Duration.ZERO)) {
                return;
            }
            if (isMounted()) {
                unmount();
            }
            if (!server.awaitEnd(END_LIMIT)) {
                LOG.warn("{} is unmounted here, but not in every mount namespace", directory);
            }
        } catch (IOException failure) {
            LOG.warn("cannot unmount {}: {}", directory, failure.getMessage());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Device numbers are used again: somebody may have unmounted ours and mounted something else. */
    private boolean isMounted() throws IOException {
        return MountTable.of("self")
                .at(directory)
                .filter(mount -> mount.device().equals(device) && mount.type().equals(TYPE))
                .isPresent();
    }

    private void unmount() throws Libc.Failure {
        try {
            Libc.unmount(directory, 0);
        } catch (Libc.Failure busy) {
            if (!busy.is(Errno.EBUSY)) {
                throw busy;
            }
            LOG.info("{} is in use: unmounting it by force", directory);
            Libc.unmount(directory, Libc.MNT_FORCE | Libc.MNT_DETACH);
        }
    }
}
