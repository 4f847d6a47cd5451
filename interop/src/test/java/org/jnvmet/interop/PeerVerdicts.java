package org.jnvmet.interop;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/** What {@link PeerPairs} finds in a guest, by the names of its devices. */
final class PeerVerdicts {
    private static final String DISKS = "cmb0 cmb1 d1 d2";

    private PeerVerdicts() {}

    /**
     * For each memory and disk ({@code cmb0 d1}), the map type by the topology and what the kernel made of
     * direct I/O: {@code ok}, {@code differs} or an errno. Overwrites data of the disks.
     */
    static Map<String, String> ask(JavaGuest guest) {
        Map<String, String> names = new HashMap<>(Map.of("vdb", "vdb"));
        String pairs = "for s in %s; do echo $s $(address $s) $(drive $s); done".formatted(DISKS);
        for (String line : guest.run(pairs).lines().toList()) {
            String[] words = line.split(" ", -1);
            names.put(words[1], words[0]);
            names.put(words[2].substring("/dev/".length()), words[0]);
        }
        String disks = "$(for s in %s; do basename $(drive $s); done) vdb".formatted(DISKS);
        Map<String, String> verdicts = new TreeMap<>();
        for (String line : guest.runClass(PeerPairs.class, disks).lines().toList()) {
            String[] words = line.split(" ", -1);
            if (words.length == 4 && names.containsKey(words[0])) { // others are of libraries
                verdicts.put(
                        names.get(words[0]) + " " + names.get(words[1]), words[2] + " " + words[3]);
            }
        }
        return verdicts;
    }
}
