package org.jnvmet.p2pmem.pci;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.assertj.core.description.Description;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random machines, compared with an oracle that is slow and looks at the same facts another way. {@code
 * -Dseed=} repeats one.
 */
final class RandomTreesTest {
    private static final int TREES = 10_000;

    /** Reading directories takes longer: one in so many is written as one. */
    private static final int WRITTEN = 200;

    private static final int PAIRS = 25;
    private static final int CHOICES = 4;

    @TempDir private Path directory;

    @Test
    void agreesWithTheOracle() throws Exception {
        Long only = Long.getLong("seed");
        long first = only == null ? 1 : only;
        long last = only == null ? TREES : only;
        int chosen = 0;
        for (long seed = first; seed <= last; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            RandomMachine machine = new RandomMachine(random);
            boolean written = only != null || seed % WRITTEN == 0;
            PciTree tree = written ? write(machine, seed) : machine.tree();
            chosen += check(new Oracle(machine), tree, random, seed);
        }
        if (only == null) {
            // The machines are such that the interesting things happen.
            assertThat(chosen).isBetween(TREES, TREES * (CHOICES - 1));
        }
    }

    private PciTree write(RandomMachine machine, long seed) throws Exception {
        Path root = Files.createDirectory(directory.resolve("seed" + seed));
        machine.write(root);
        PciTree tree = PciTree.read(root);
        assertThat(tree.remarks()).as(because(seed)).isEmpty();
        assertThat(tree.functions()).as(because(seed)).isEqualTo(machine.tree().functions());
        assertThat(tree.cpuRoutesBetweenRootPorts()).as(because(seed)).isEqualTo(machine.zen());
        return tree;
    }

    private static Description because(long seed) {
        return new Description() {
            @Override
            public String value() {
                return "seed " + seed + ", repeat it with -Dseed=" + seed;
            }
        };
    }

    private static int check(Oracle oracle, PciTree tree, SplittableRandom random, long seed) {
        int size = oracle.machine().size();
        List<PciFunction> functions =
                IntStream.range(0, size)
                        .mapToObj(i ->
                                Objects.requireNonNull(tree.function(oracle.machine().address(i))))
                        .toList();
        for (int i = 0; i < PAIRS; i++) {
            int a = random.nextInt(size);
            int b = random.nextInt(size);
            PciPath path = Selection.path(tree, functions.get(a), Client.of("b", functions.get(b)));
            assertThat(path.distance()).as(because(seed)).isEqualTo(oracle.distance(a, b));
            assertThat(path.type()).as(because(seed)).isEqualTo(oracle.type(a, b));
        }
        int chosen = 0;
        for (int i = 0; i < CHOICES; i++) {
            List<Integer> clients =
                    IntStream.range(0, 1 + random.nextInt(3))
                            .mapToObj(_ -> random.nextInt(size))
                            .toList();
            boolean near = random.nextBoolean();
            List<Integer> best = oracle.best(clients, near);
            Choice choice =
                    Selection.choose(
                            tree,
                            clients.stream().map(c -> Client.of("c", functions.get(c))).toList(),
                            null,
                            near ? Selection.Reach.SAME_HIERARCHY : Selection.Reach.ANY,
                            random);
            List<PciAddress> wanted =
                    new ArrayList<>(best.stream().map(oracle.machine()::address).toList());
            if (choice.chosen() == null) {
                assertThat(wanted).as(because(seed)).isEmpty();
            } else {
                assertThat(wanted).as(because(seed)).contains(choice.chosen().provider().address());
                chosen++;
            }
        }
        return chosen;
    }

    /** Everything by lists from the root bus down: what two of them have in common at the front is shared. */
    private record Oracle(RandomMachine machine) {
        private List<Integer> down(int node) {
            List<Integer> way = new ArrayList<>();
            for (int at = node; at >= 0; at = machine.parent(at)) {
                way.addFirst(at);
            }
            return way;
        }

        private int shared(int a, int b) {
            List<Integer> one = down(a);
            List<Integer> two = down(b);
            int shared = 0;
            while (shared < one.size()
                    && shared < two.size()
                    && one.get(shared).equals(two.get(shared))) {
                shared++;
            }
            return shared;
        }

        int distance(int a, int b) {
            int shared = shared(a, b);
            return down(a).size() + down(b).size() - 2 * shared;
        }

        MapType type(int a, int b) {
            int shared = shared(a, b);
            boolean redirect = false;
            for (int end : List.of(a, b)) {
                List<Integer> way = down(end);
                for (int i = Math.max(0, shared - 1); i < way.size(); i++) {
                    // Request redirect 4, completion redirect 8, egress control 32.
                    redirect |= List.of(4, 8, 32).stream().anyMatch(has(machine.acs(way.get(i))));
                }
            }
            if (shared > 0 && !redirect) {
                return MapType.BUS_ADDR;
            }
            String from = listed(a);
            String to = listed(b);
            boolean same = machine.bridge(a) == machine.bridge(b);
            boolean known = same ? !from.equals("no") : from.equals("yes") && to.equals("yes");
            return machine.zen() || known ? MapType.THRU_HOST_BRIDGE : MapType.NOT_SUPPORTED;
        }

        private static Predicate<Integer> has(int control) {
            return bit -> control >= 0 && (control / bit) % 2 == 1;
        }

        /** "yes", "same" socket only, or "no". */
        private String listed(int node) {
            int first = -1;
            for (int i = 0; i < machine.size(); i++) {
                boolean onRoot = machine.parent(i) < 0 && machine.bridge(i) == machine.bridge(node);
                if (onRoot
                        && (first < 0
                                || machine.address(i).device() < machine.address(first).device())) {
                    first = i;
                }
            }
            boolean at00 = machine.address(first).toString().endsWith(":00.0");
            if (!at00 && machine.kind(first) != PciFunction.Kind.ROOT_PORT) {
                return "no";
            }
            return switch (machine.ids(first)) {
                case "8086:2f00", "8086:3c01" -> "same";
                case "8086:09a2", "8086:2030", "1ae0:1234", "10de:2f96" -> "yes";
                default -> "no";
            };
        }

        /** The providers that may be chosen. */
        List<Integer> best(List<Integer> clients, boolean near) {
            List<Integer> best = new ArrayList<>();
            long bestScore = Long.MAX_VALUE;
            for (int provider = 0; provider < machine.size(); provider++) {
                long sum = 0;
                long worst = 0;
                boolean usable = machine.published(provider);
                for (int client : clients) {
                    MapType type = type(provider, client);
                    usable &=
                            type == MapType.BUS_ADDR || (!near && type == MapType.THRU_HOST_BRIDGE);
                    worst = Math.max(worst, type == MapType.BUS_ADDR ? 0 : 1);
                    sum += distance(provider, client);
                }
                long score = sum * 2 + worst;
                if (usable && score <= bestScore) {
                    if (score < bestScore) {
                        best.clear();
                    }
                    bestScore = score;
                    best.add(provider);
                }
            }
            return best;
        }
    }
}
