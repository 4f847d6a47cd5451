package org.jnvmet.host;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The usable paths of a namespace at one moment, and the choice among them. Replaced as a whole when
 * one of them changes; read without locks and without allocation.
 */
final class PathSet {
    static final PathSet NONE = new PathSet(IoPolicy.NUMA, new NamespacePath[0], 0);

    private final IoPolicy policy;

    /** Optimized ones first. */
    private final NamespacePath[] paths;

    /** How many of them are as good as the first. */
    private final int best;

    /** Of round robin. Lost updates are harmless: nobody counts on an exact turn. */
    private int turn;

    private PathSet(IoPolicy policy, NamespacePath[] paths, int best) {
        this.policy = policy;
        this.paths = paths;
        this.best = best;
    }

    /** Those of {@code paths} that are usable. */
    static PathSet of(IoPolicy policy, List<NamespacePath> paths) {
        List<NamespacePath> usable = paths.stream().filter(NamespacePath::usable).toList();
        NamespacePath[] sorted = new NamespacePath[usable.size()];
        int best = 0;
        for (NamespacePath path : usable) {
            if (path.anaState() == AnaState.OPTIMIZED) {
                sorted[best++] = path;
            }
        }
        int next = best;
        for (NamespacePath path : usable) {
            if (path.anaState() != AnaState.OPTIMIZED && next < sorted.length) {
                sorted[next++] = path;
            }
        }
        return new PathSet(policy, sorted, best == 0 ? next : best);
    }

    boolean isEmpty() {
        return best == 0;
    }

    boolean contains(NamespacePath path) {
        return List.of(paths).contains(path);
    }

    /** Whether paths must say how many commands they have. */
    boolean countsDepth() {
        return policy == IoPolicy.QUEUE_DEPTH;
    }

    /** The path for the next command; null when none is usable. */
    @Nullable NamespacePath pick() {
        if (best <= 1 || policy == IoPolicy.NUMA) {
            return best == 0 ? null : paths[0];
        }
        return policy == IoPolicy.ROUND_ROBIN ? next() : shallowest();
    }

    /** A path for a command that {@code failed} could not do; null when there is no other. */
    @Nullable NamespacePath other(NamespacePath failed) {
        for (NamespacePath path : paths) {
            if (path != failed) {
                return path;
            }
        }
        return null;
    }

    private NamespacePath next() {
        return paths[Math.floorMod(turn++, best)];
    }

    private NamespacePath shallowest() {
        NamespacePath found = paths[0];
        int least = found.over().depth();
        for (int i = 1; i < best && least > 0; i++) {
            int depth = paths[i].over().depth();
            if (depth < least) {
                found = paths[i];
                least = depth;
            }
        }
        return found;
    }
}
