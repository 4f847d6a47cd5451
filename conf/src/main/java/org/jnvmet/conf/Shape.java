package org.jnvmet.conf;

import java.util.Map;
import java.util.Set;

/**
 * How nvmetcli's JSON pictures one kind of directory. Lists have the name of the default group that they stand for;
 * everything else in an object is an attribute: {@code "device": {"path": ...}} is {@code device_path}, and a plain
 * key is the attribute of that name.
 *
 * @param id key that holds the directory's name; empty for the root
 * @param numericId whether the name is written as a number where it is one
 * @param prefixes prefixes of attributes that are grouped into an object
 * @param lists lists of objects, each a directory
 * @param links lists of names, each a link into the named top-level directory
 * @param repeated plain keys that nvmetcli writes besides the grouped form, as a number
 */
record Shape(
        String id,
        boolean numericId,
        Set<String> prefixes,
        Map<String, Shape> lists,
        Map<String, String> links,
        Set<String> repeated) {
    private static final Shape HOST = leaf("nqn", false, "dhchap");
    private static final Shape NAMESPACE =
            new Shape(
                    "nsid",
                    true,
                    Set.of("device", "ana", "resv"),
                    Map.of(),
                    Map.of(),
                    Set.of("ana_grpid"));
    private static final Shape SUBSYSTEM =
            new Shape(
                    "nqn",
                    false,
                    Set.of("attr"),
                    Map.of("namespaces", NAMESPACE),
                    Map.of("allowed_hosts", "hosts"),
                    Set.of());
    private static final Shape PORT =
            new Shape(
                    "portid",
                    true,
                    Set.of("addr", "param"),
                    Map.of(
                            "ana_groups",
                            leaf("grpid", true, "ana"),
                            "referrals",
                            leaf("name", false, "addr")),
                    Map.of("subsystems", "subsystems"),
                    Set.of());

    /** The whole file. */
    static final Shape ROOT =
            new Shape(
                    "",
                    false,
                    Set.of("discovery"),
                    Map.of("hosts", HOST, "subsystems", SUBSYSTEM, "ports", PORT),
                    Map.of(),
                    Set.of());

    private static Shape leaf(String id, boolean numericId, String prefix) {
        return new Shape(id, numericId, Set.of(prefix), Map.of(), Map.of(), Set.of());
    }
}
