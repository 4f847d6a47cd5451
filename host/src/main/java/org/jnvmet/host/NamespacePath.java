package org.jnvmet.host;

import org.jspecify.annotations.Nullable;

/**
 * One way to a namespace: over one controller. Its state is written by {@link ControllerPaths} and read
 * by everybody; after each change {@link NamespacePaths#update} has to be called.
 */
final class NamespacePath {
    private final ControllerPaths over;
    private final NamespacePaths to;

    /** What the controller says of the namespace; null while it has none that we accept. */
    private volatile @Nullable NamespaceIdentity identity;

    /** Why {@link #identity} is null. */
    private volatile @Nullable HostException refusal;

    private volatile AnaState anaState = AnaState.OPTIMIZED;

    /** The ANA state is not to be trusted until the log has been read again. */
    private volatile boolean anaPending;

    /** The namespace has not been identified since the controller was connected (again). */
    private volatile boolean stale = true;

    NamespacePath(ControllerPaths over, NamespacePaths to) {
        this.over = over;
        this.to = to;
    }

    ControllerPaths over() {
        return over;
    }

    NamespacePaths to() {
        return to;
    }

    HostController controller() {
        return over.controller();
    }

    AnaState anaState() {
        return anaState;
    }

    /** What the controller says of the namespace; null while it has none that is accepted. */
    @Nullable NamespaceIdentity identity() {
        return identity;
    }

    boolean accepted() {
        return identity != null;
    }

    /** Whether the namespace is known not to be there, or to be another one. */
    boolean absent() {
        return identity == null && !stale;
    }

    @Nullable HostException refusal() {
        return refusal;
    }

    // ---- changes

    void onIdentified(NamespaceIdentity found) {
        identity = found;
        refusal = null;
        stale = false;
    }

    void onRefused(HostException why) {
        identity = null;
        refusal = why;
        stale = false;
    }

    void onConnectionLost() {
        stale = true;
    }

    void onAnaState(AnaState state) {
        anaState = state;
        anaPending = false;
    }

    void onAnaDoubt() {
        anaPending = true;
    }

    // ---- what follows from it

    /** Whether commands may be sent along it. */
    boolean usable() {
        return identity != null
                && !stale
                && !anaPending
                && anaState.accessible()
                && controller().state() == HostController.State.LIVE;
    }

    /** Whether it is, or may become usable again without anybody connecting anything. */
    boolean hopeful() {
        if (controller().failsFast()) {
            return false;
        }
        return stale || (identity != null && anaState != AnaState.PERSISTENT_LOSS);
    }

    /** Submits along it; only the queue counts. */
    void submit(HostRequest request) {
        controller().ioQueue(request.affinity).submit(request);
    }

    @Override
    public String toString() {
        return to + " over " + controller();
    }
}
