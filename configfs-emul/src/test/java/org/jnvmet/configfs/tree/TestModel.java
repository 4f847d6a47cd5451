package org.jnvmet.configfs.tree;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CopyOnWriteArraySet;
import java.util.concurrent.CountDownLatch;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/**
 * A model with one of everything that the tree offers: {@code boxes/<name>} hold {@code lids/<name>}, and {@code
 * shelves/<name>} link boxes, and {@code birds} holds what {@link #birds} says. A box whose name starts with "slow" takes until {@link #finish} to remove or to store
 * {@code delay}.
 */
public final class TestModel {
    /** Mounting tests need it in a child process too. */
    public final ConfigTree tree = new ConfigTree(root());

    /** What the functions of the model were asked to do, in order. */
    public final List<String> calls = new CopyOnWriteArrayList<>();

    /** Who is there at the moment, without anybody's doing. */
    public final Set<String> birds = new CopyOnWriteArraySet<>();

    private final Map<String, CountDownLatch> started = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> finished = new ConcurrentHashMap<>();

    /** Lets a slow operation go on, now or when it comes. */
    public void finish(String name) {
        latch(finished, name).countDown();
    }

    /** Waits until a slow operation has begun. */
    public void awaitStart(String name) throws InterruptedException {
        latch(started, name).await();
    }

    private void slow(String name) {
        if (!name.startsWith("slow")) {
            return;
        }
        latch(started, name).countDown();
        try {
            latch(finished, name).await();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    private static CountDownLatch latch(Map<String, CountDownLatch> latches, String name) {
        return latches.computeIfAbsent(name, _ -> new CountDownLatch(1));
    }

    private DirectorySpec root() {
        Value motto = new Value("none");
        return DirectorySpec.of("root")
                .readWrite("motto", motto::show, motto::store)
                .group("boxes", DirectorySpec.of("boxes").mkdir(this::box).build())
                .group("shelves", DirectorySpec.of("shelves").mkdir(this::shelf).build())
                .group("birds", DirectorySpec.of("birds").population(this::birds).build())
                .build();
    }

    private Map<String, DirectorySpec> birds() {
        Map<String, DirectorySpec> specs = new LinkedHashMap<>();
        for (String name : birds) {
            specs.put(name, DirectorySpec.of(name).readOnly("song", () -> name + "!").build());
        }
        return specs;
    }

    private DirectorySpec box(String name) {
        if (name.startsWith("bad")) {
            throw new ConfigException(Errno.EINVAL, "box " + name + " is bad");
        }
        if (name.startsWith("bug")) {
            throw new IllegalStateException("a defect");
        }
        if (name.startsWith("slow-make")) {
            slow(name);
        }
        calls.add("make " + name);
        Value colour = new Value("red");
        return DirectorySpec.of(new Box(name))
                .readWrite("colour", colour::show, colour::store)
                .readWrite("delay", () -> "0", _ -> slow(name))
                .writeOnly("shake", text -> calls.add("shake " + name + " " + text.strip()))
                .readOnly("kind", () -> "box")
                .group(
                        "lids",
                        DirectorySpec.of("lids")
                                .mkdir(this::lid)
                                .group("first", lid("first"))
                                .build())
                .rmdir(() -> removeBox(name))
                .build();
    }

    private DirectorySpec lid(String name) {
        Value size = new Value("1");
        return DirectorySpec.of("lid " + name).readWrite("size", size::show, size::store).build();
    }

    private void removeBox(String name) {
        slow(name);
        if (name.startsWith("sticky")) {
            throw new ConfigException(Errno.EBUSY, "box " + name + " is sticky");
        }
        calls.add("remove " + name);
    }

    private DirectorySpec shelf(String name) {
        return DirectorySpec.of("shelf " + name)
                .group("boxes", DirectorySpec.of("links").symlink(this::link).build())
                .build();
    }

    private Runnable link(String name, Directory target) {
        Box box =
                target.subject(Box.class)
                        .orElseThrow(() ->
                                new ConfigException(Errno.EINVAL, target.path() + " is no box"));
        calls.add("link " + name + " " + box.name);
        return () -> {
            slow(name);
            calls.add("unlink " + name);
        };
    }

    private record Box(String name) {}

    /** A value that refuses "wrong". */
    private static final class Value {
        private volatile String text;

        Value(String text) {
            this.text = text;
        }

        String show() {
            return text;
        }

        void store(String written) {
            String value = written.strip();
            if (value.equals("wrong")) {
                throw new ConfigException(Errno.EINVAL, "value \"wrong\" is wrong");
            }
            if (value.equals("defect")) {
                throw new IllegalStateException("a defect");
            }
            text = value;
        }
    }
}
