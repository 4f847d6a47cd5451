package org.jnvmet.target;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The namespaces of a subsystem in ascending order of their unsigned ids. Immutable; a change makes a
 * new table. The look-up makes no garbage: namespaces are nearly always numbered 1, 2, 3 ..., which
 * the first probe finds.
 */
final class NamespaceTable {
    static final NamespaceTable EMPTY = new NamespaceTable(List.of());

    private final List<Namespace> list;
    private final Namespace[] sorted;

    private NamespaceTable(List<Namespace> list) {
        this.list = list;
        this.sorted = list.toArray(new Namespace[0]);
    }

    List<Namespace> list() {
        return list;
    }

    @Nullable Namespace find(int nsid) {
        int guess = nsid - 1;
        if (guess >= 0 && guess < sorted.length && sorted[guess].nsid() == nsid) {
            return sorted[guess];
        }
        int index = search(nsid);
        return index < 0 ? null : sorted[index];
    }

    /** {@code namespace} must not be in the table. */
    NamespaceTable with(Namespace namespace) {
        List<Namespace> next = new ArrayList<>(list);
        next.add(-search(namespace.nsid()) - 1, namespace);
        return new NamespaceTable(List.copyOf(next));
    }

    NamespaceTable without(Namespace namespace) {
        return new NamespaceTable(list.stream().filter(other -> other != namespace).toList());
    }

    private int search(int nsid) {
        int low = 0;
        int high = sorted.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            int order = Integer.compareUnsigned(sorted[middle].nsid(), nsid);
            if (order == 0) {
                return middle;
            }
            if (order < 0) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return -low - 1;
    }
}
