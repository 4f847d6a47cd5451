package org.jnvmet.configfs.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConfigTreeConcurrencyTest {
    private final TestModel model = new TestModel();
    private final ConfigTree tree = model.tree;
    private final ExecutorService others = Executors.newVirtualThreadPerTaskExecutor();

    @AfterEach
    void stop() {
        others.shutdownNow();
    }

    @Test
    void aSlowRmdirHidesTheDirectoryKeepsItsNameAndBlocksNobody() throws Exception {
        Directory box = tree.mkdir("boxes/slow");
        Attribute colour = tree.attribute("boxes/slow/colour");
        Future<?> removal = others.submit(() -> tree.rmdir(box));
        model.awaitStart("slow");

        assertThat(errnoOf(() -> tree.lookup("boxes/slow"))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> tree.read(colour))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> tree.write(colour, "blue"))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> tree.rmdir(box))).isEqualTo(Errno.ENOENT);
        assertThat(errnoOf(() -> tree.mkdir("boxes/slow"))).isEqualTo(Errno.EEXIST);
        assertThat(tree.list(tree.directory("boxes"))).isEmpty();
        tree.mkdir("boxes/other");
        tree.rmdir("boxes/other");

        model.finish("slow");
        removal.get();
        assertThat(tree.mkdir("boxes/slow").id()).isGreaterThan(box.id());
    }

    @Test
    void aRefusedRemovalBringsTheDirectoryBack() {
        tree.mkdir("boxes/sticky");

        assertThat(errnoOf(() -> tree.rmdir("boxes/sticky"))).isEqualTo(Errno.EBUSY);

        assertThat(tree.read("boxes/sticky/colour")).isEqualTo("red");
        assertThat(tree.read("boxes/sticky/last_error")).isEqualTo("box sticky is sticky");
    }

    @Test
    void aSlowStoreHoldsOnlyItsDirectory() throws Exception {
        tree.mkdir("boxes/slow");
        tree.mkdir("boxes/other");
        Future<?> store = others.submit(() -> tree.write("boxes/slow/delay", "1"));
        model.awaitStart("slow");

        tree.write("boxes/other/colour", "blue");
        tree.mkdir("boxes/third");
        assertThat(tree.read("boxes/slow/colour")).isEqualTo("red");

        assertThat(store.isDone()).isFalse();
        model.finish("slow");
        store.get();
    }

    @Test
    void removalWaitsForAStoreThatIsRunning() throws Exception {
        tree.mkdir("boxes/slow");
        Attribute size = tree.attribute("boxes/slow/lids/first/size");
        List<Change> changes = new ArrayList<>();
        tree.listener(change -> {
            changes.add(change);
            return () -> {};
        });
        Future<?> store = others.submit(() -> tree.write("boxes/slow/delay", "1"));
        model.awaitStart("slow");
        Future<?> removal = others.submit(() -> tree.rmdir("boxes/slow"));
        Future<?> late = others.submit(() -> tree.write(size, "2"));

        model.finish("slow");
        store.get();
        removal.get();
        assertThat(catchThrowableOfType(Exception.class, late::get) == null || !size.isLive())
                .isTrue();
        assertThat(changes.getLast()).isEqualTo(new Change.Rmdir("boxes/slow"));
        assertThat(changes.getFirst()).isEqualTo(new Change.Write("boxes/slow/delay", "1"));
    }

    @Test
    void aNameThatIsBeingMadeIsTakenButInvisible() throws Exception {
        Future<?> making = others.submit(() -> tree.mkdir("boxes/slow-make"));
        model.awaitStart("slow-make");

        assertThat(errnoOf(() -> tree.mkdir("boxes/slow-make"))).isEqualTo(Errno.EEXIST);
        assertThat(errnoOf(() -> tree.lookup("boxes/slow-make"))).isEqualTo(Errno.ENOENT);

        model.finish("slow-make");
        making.get();
        assertThat(tree.directory("boxes/slow-make").isLive()).isTrue();
    }

    @Test
    void aTargetStaysBusyUntilASlowUnlinkIsDone() throws Exception {
        tree.mkdir("boxes/a");
        tree.mkdir("shelves/1");
        tree.symlink("shelves/1/boxes/slow", "boxes/a");
        Future<?> unlink = others.submit(() -> tree.unlink("shelves/1/boxes/slow"));
        model.awaitStart("slow");

        assertThat(errnoOf(() -> tree.rmdir("boxes/a"))).isEqualTo(Errno.EBUSY);
        assertThat(errnoOf(() -> tree.rmdir("shelves/1"))).isEqualTo(Errno.ENOTEMPTY);
        assertThat(errnoOf(() -> tree.symlink("shelves/1/boxes/slow", "boxes/a")))
                .isEqualTo(Errno.EEXIST);

        model.finish("slow");
        unlink.get();
        tree.rmdir("boxes/a");
        tree.rmdir("shelves/1");
    }

    @Test
    void aListenerCanRebuildTheTreeFromChangesOfManyThreads() throws Exception {
        long seed = Long.getLong("seed", System.nanoTime());
        Map<String, String> mirror = new HashMap<>();
        tree.listener(change -> {
            apply(mirror, change);
            return () -> {};
        });
        ExecutorService workers = Executors.newFixedThreadPool(8);
        for (int worker = 0; worker < 8; worker++) {
            Random random = new Random(seed + worker);
            workers.execute(() -> {
                for (int step = 0; step < 2_000; step++) {
                    randomOperation(random);
                }
            });
        }
        workers.shutdown();
        assertThat(workers.awaitTermination(50, TimeUnit.SECONDS)).isTrue();

        Map<String, String> actual = new HashMap<>();
        for (Node box : tree.list(tree.directory("boxes"))) {
            if (box instanceof Directory) {
                actual.put(box.path(), tree.read(box.path() + "/colour"));
            }
        }
        assertThat(mirror).as("seed %d", seed).isEqualTo(actual);
    }

    private void randomOperation(Random random) {
        String box = "boxes/" + random.nextInt(4);
        try {
            switch (random.nextInt(4)) {
                case 0 -> tree.mkdir(box);
                case 1 -> tree.rmdir(box);
                default -> tree.write(box + "/colour", Integer.toString(random.nextInt(1000)));
            }
        } catch (ConfigException refused) {
            assertThat(refused.errno()).isIn(Errno.EEXIST, Errno.ENOENT);
        }
    }

    private static void apply(Map<String, String> mirror, Change change) {
        switch (change) {
            case Change.Mkdir(String path) -> assertThat(mirror.put(path, "red")).isNull();
            case Change.Rmdir(String path) -> assertThat(mirror.remove(path)).isNotNull();
            case Change.Write(String path, String value) ->
                    assertThat(mirror.replace(path.substring(0, path.lastIndexOf('/')), value))
                            .isNotNull();
            case Change.Symlink _, Change.Unlink _ -> throw new AssertionError(change);
        }
    }

    private static Errno errnoOf(Runnable operation) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, operation::run);
        assertThat(refused).isNotNull();
        return refused.errno();
    }
}
