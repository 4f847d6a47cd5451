package org.jnvmet.app.nvme;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.HostController;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Which namespace. */
public final class NamespaceArgument {
    /** Most that are named in a message. */
    private static final int NAMED = 16;

    /** What Identify returns at once. */
    private static final int LIST = 1024;

    @Option(
            names = {"-N", "--namespace-id", "--nsid"},
            paramLabel = "N",
            converter = NamespaceId.class,
            description = "The namespace. Default: the only one there is.")
    private @Nullable Integer given;

    /**
     * The identifier of a namespace that the controller has.
     *
     * @throws CommandFailure when it has not this one, or none, or several and none was given
     */
    public int of(HostController controller) {
        List<Integer> active = active(controller);
        if (active.isEmpty()) {
            throw new CommandFailure(controller + " has no namespace");
        }
        if (given == null) {
            if (active.size() > 1) {
                throw new CommandFailure(
                        "%s has several namespaces, %s: choose one with -N"
                                .formatted(controller, names(active)));
            }
            return active.getFirst();
        }
        if (!active.contains(given)) {
            throw new CommandFailure(
                    "%s has no namespace %s; it has %s"
                            .formatted(controller, Integer.toUnsignedString(given), names(active)));
        }
        return given;
    }

    /** All namespaces that are attached to the controller, in the order of their identifiers. */
    static List<Integer> active(HostController controller) {
        List<Integer> all = new ArrayList<>();
        int[] some;
        do {
            some = controller.activeNamespaces(all.isEmpty() ? 0 : all.getLast());
            for (int nsid : some) {
                all.add(nsid);
            }
        } while (some.length == LIST);
        return all;
    }

    private static String names(List<Integer> ids) {
        String first =
                ids.stream()
                        .limit(NAMED)
                        .map(Integer::toUnsignedString)
                        .collect(Collectors.joining(", "));
        return ids.size() > NAMED ? first + ", ..." : first;
    }
}
