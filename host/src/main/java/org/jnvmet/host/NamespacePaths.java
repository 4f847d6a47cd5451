package org.jnvmet.host;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The block layer of a namespace: sends requests along one of its paths, again if need be, and keeps
 * those that cannot be sent now in a line, as long as a path may come back. Decides as a Linux host
 * with its native multipathing does. Any thread.
 */
final class NamespacePaths implements HostRequest.Finisher {
    private static final Logger LOG = LoggerFactory.getLogger(NamespacePaths.class);

    /** Unit of the Command Retry Delay Times. */
    private static final int DELAY_UNIT_MS = 100;

    /** Before a path that has just failed, and is the only one, is tried again. */
    private static final int SAME_PATH_DELAY_MS = 100;

    private final String name;
    private final int nsid;
    private final boolean multipath;
    private final HostTimer timer;
    private final List<NamespacePath> paths = new CopyOnWriteArrayList<>();

    /** Requests that wait for a path. */
    private final WaitingLine parked = new WaitingLine();

    /** Requests that wait for their delay to pass; whoever removes one goes on with it. */
    private final Set<HostRequest> delayed = ConcurrentHashMap.newKeySet();

    private volatile PathSet usable = PathSet.NONE;
    private volatile IoPolicy policy = IoPolicy.NUMA;
    private volatile @Nullable NamespaceIdentity identity;

    /**
     * A namespace without paths.
     *
     * @param where what it belongs to, for messages
     * @param multipath whether paths over several controllers may lead to it
     */
    NamespacePaths(int nsid, String where, boolean multipath, HostTimer timer) {
        this.nsid = nsid;
        this.multipath = multipath;
        this.timer = timer;
        name = "namespace " + nsid + " of " + where;
    }

    int nsid() {
        return nsid;
    }

    boolean multipath() {
        return multipath;
    }

    /** What is known of it; null until a path was accepted. */
    @Nullable NamespaceIdentity identity() {
        return identity;
    }

    List<NamespacePath> paths() {
        return paths;
    }

    void policy(IoPolicy next) {
        policy = next;
        update();
    }

    // ---- paths

    void add(NamespacePath path) {
        paths.add(path);
    }

    void remove(NamespacePath path) {
        paths.remove(path);
        update();
    }

    /** A path's controller says this of the namespace: accepted, or refused with a reason. */
    void onIdentified(NamespacePath path, NamespaceIdentity found) {
        synchronized (this) {
            HostException why = objection(path, found);
            if (why != null) {
                LOG.warn("path refused: {}", why.getMessage());
                path.onRefused(why);
            } else {
                adopt(found, path);
                path.onIdentified(found);
            }
        }
        update();
    }

    /** Asks the controllers that can be asked what the namespace is like now. Waits. */
    void identifyAgain() {
        paths.forEach(path -> path.over().identifyNow(path));
    }

    private void adopt(NamespaceIdentity found, NamespacePath from) {
        NamespaceIdentity known = identity;
        identity = found;
        if (known == null) {
            return;
        }
        if (known.blocks() != found.blocks()) {
            LOG.info("{} has {} blocks now, not {}", name, found.blocks(), known.blocks());
        }
        if (known.blockBytes() != found.blockBytes()) {
            LOG.info("{} has blocks of {} bytes now", name, found.blockBytes());
            // Others may have been refused since they said so first.
            paths.stream().filter(path -> path != from).forEach(path -> path.over().rescan());
        }
    }

    /** A path's controller has no such namespace. */
    void onAbsent(NamespacePath path, HostException why) {
        LOG.debug("{}: {}", path, why.getMessage());
        path.onRefused(why);
        update();
    }

    private @Nullable HostException objection(NamespacePath path, NamespaceIdentity found) {
        NamespaceIdentity known = identity;
        if (known == null) {
            return null;
        }
        if (!known.sameAs(found)) {
            return new HostException(
                    "%s is another one now: %s, not %s"
                            .formatted(path, found.identifiers(), known.identifiers()));
        }
        boolean alone = paths.stream().noneMatch(other -> other != path && other.accepted());
        if (alone) {
            return null;
        }
        if (!found.shared()) {
            return new HostException(path + " is private to one controller (NMIC)");
        }
        if (known.blockBytes() != found.blockBytes()) {
            return new HostException(
                    "%s has blocks of %d bytes, not %d"
                            .formatted(path, found.blockBytes(), known.blockBytes()));
        }
        return null;
    }

    /** Has what changed in a path take effect: for requests to come, and for those that wait. */
    void update() {
        synchronized (this) {
            usable = PathSet.of(policy, paths);
        }
        resume();
    }

    private boolean hope() {
        for (NamespacePath path : paths) {
            if (path.hopeful()) {
                return true;
            }
        }
        return false;
    }

    // ---- requests

    /** See {@link HostNamespace#submit}. */
    void submit(HostRequest request, int affinity) {
        request.retries = 0;
        request.affinity = affinity;
        request.finisher(this);
        PathSet set = usable;
        NamespacePath path = set.pick();
        if (path == null) {
            park(request);
        } else {
            send(request, path, set.countsDepth());
        }
    }

    private static void send(HostRequest request, NamespacePath path, boolean counted) {
        request.path = path;
        request.counted = counted;
        if (counted) {
            path.over().begin();
        }
        path.submit(request);
    }

    private void sendAgain(HostRequest request) {
        PathSet set = usable;
        sendAgain(request, set, set.pick());
    }

    private void sendAgain(HostRequest request, PathSet set, @Nullable NamespacePath path) {
        if (path == null) {
            park(request);
            return;
        }
        try {
            send(request, path, set.countsDepth());
        } catch (IllegalArgumentException e) {
            // This path takes less than the one before, and the caller is long gone.
            leavePath(request);
            end(request, Status.HOST_PATHING_ERROR.code(), new HostException(e.toString(), e));
        }
    }

    private static @Nullable NamespacePath leavePath(HostRequest request) {
        NamespacePath path = request.path;
        if (path != null && request.counted) {
            path.over().end();
            request.counted = false;
        }
        return path;
    }

    @Override
    public void finish(HostRequest request) {
        NamespacePath path = leavePath(request);
        if (request.succeeded() || path == null) {
            complete(request);
            return;
        }
        boolean byHost = request.failure() != null;
        boolean dying = !hope();
        switch (Disposition.of(request.status(), byHost, request.retries, multipath, dying)) {
            case COMPLETE -> complete(request);
            case RETRY -> retry(request, path, byHost);
            case FAIL_OVER -> failOver(request, path, byHost);
        }
    }

    private void retry(HostRequest request, NamespacePath path, boolean byHost) {
        if (byHost) {
            // Aborted in flight it counts, as for a Linux host; not if it never went out.
            request.retries += Status.ABORTED_BY_HOST.is(request.status()) ? 1 : 0;
            sendAgain(request);
            return;
        }
        request.retries++;
        long delayMs = (long) path.over().retryDelay(request.status()) * DELAY_UNIT_MS;
        if (delayMs == 0 && Disposition.isPathRelated(request.status())) {
            delayMs = SAME_PATH_DELAY_MS;
        }
        if (delayMs == 0) {
            sendAgain(request);
        } else {
            delay(request, delayMs);
        }
    }

    private void failOver(HostRequest request, NamespacePath path, boolean byHost) {
        if (!byHost && Disposition.isAna(request.status()) && path.over().reportsAna()) {
            path.onAnaDoubt();
            path.over().readAnaLog();
            update();
        } else if (!byHost) {
            PathSet set = usable;
            NamespacePath other = set.other(path);
            if (other == null && set.contains(path)) {
                retry(request, path, false);
            } else {
                request.retries++;
                sendAgain(request, set, other);
            }
            return;
        }
        sendAgain(request);
    }

    private void delay(HostRequest request, long delayMs) {
        delayed.add(request);
        HostTimer.Task _ =
                timer.after(
                        delayMs,
                        () -> {
                            if (delayed.remove(request)) {
                                sendAgain(request);
                            }
                        });
        if (usable.isEmpty()) {
            resume();
        }
    }

    private void park(HostRequest request) {
        parked.add(request);
        // Looked at again: the path may have come, or the last hope gone, before it stood in line.
        resume();
    }

    private void resume() {
        if (usable.isEmpty()) {
            if (!(parked.isEmpty() && delayed.isEmpty()) && !hope()) {
                failWaiting();
            }
            return;
        }
        for (int most = parked.length(); most > 0 && !usable.isEmpty(); most--) {
            HostRequest request = parked.poll();
            if (request == null) {
                return;
            }
            sendAgain(request);
        }
    }

    // ---- ends

    private void failWaiting() {
        for (HostRequest next = parked.poll(); next != null; next = parked.poll()) {
            fail(next);
        }
        for (HostRequest next : List.copyOf(delayed)) {
            if (delayed.remove(next)) {
                fail(next);
            }
        }
    }

    private void fail(HostRequest request) {
        for (NamespacePath path : paths) {
            HostException why = path.refusal();
            if (why != null && path.absent()) {
                String text = "%s is not there any more: %s".formatted(path, why.getMessage());
                int status = Status.INVALID_NAMESPACE.code() | Status.DNR;
                end(request, status, new HostException(text, why));
                return;
            }
        }
        HostException why = new HostException(name + ": there is no path to it any more");
        end(request, Status.HOST_PATHING_ERROR.code(), why);
    }

    private static void end(HostRequest request, int status, HostException why) {
        request.finisher(null);
        request.end(status, 0, why);
    }

    private static void complete(HostRequest request) {
        request.finisher(null);
        request.tellCaller();
    }

    @Override
    public String toString() {
        return name;
    }
}
