package org.jnvmet.configfs.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CyclicBarrier;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;

/** A directory that the system fills: what comes and goes without anybody's mkdir and rmdir. */
class PopulationTest {
    private final TestModel model = new TestModel();
    private final ConfigTree tree = model.tree;

    private List<String> birds() {
        return tree.list(tree.directory("birds")).stream().map(Node::name).toList();
    }

    private static void refuses(Errno errno, ThrowingCallable change) {
        assertThatThrownBy(change)
                .isInstanceOfSatisfying(
                        ConfigException.class, e -> assertThat(e.errno()).isEqualTo(errno));
    }

    @Test
    void showsWhatThereIsWheneverSomebodyLooks() {
        assertThat(birds()).isEmpty();
        model.birds.add("owl");
        assertThat(tree.read("birds/owl/song")).isEqualTo("owl!");
        model.birds.add("auk");
        assertThat(birds()).containsExactly("owl", "auk");
        model.birds.remove("owl");
        assertThat(birds()).containsExactly("auk");
        refuses(Errno.ENOENT, () -> tree.read("birds/owl/song"));
    }

    @Test
    void keepsTheNodeOfWhoStaysAndGivesANewOneToWhoComesAgain() {
        model.birds.add("owl");
        Directory first = tree.directory("birds/owl");
        Attribute song = tree.attribute("birds/owl/song");
        assertThat(tree.directory("birds/owl")).isSameAs(first);

        model.birds.remove("owl");
        assertThat(birds()).isEmpty();
        model.birds.add("owl");

        Directory second = tree.directory("birds/owl");
        assertThat(second.id()).isGreaterThan(song.id());
        assertThat(first.isLive()).isFalse();
        refuses(Errno.ENOENT, () -> tree.read(song));
        assertThat(tree.read("birds/owl/song")).isEqualTo("owl!");
    }

    @Test
    void isNobodysToChange() {
        model.birds.add("owl");
        refuses(Errno.EPERM, () -> tree.mkdir("birds/auk"));
        refuses(Errno.EPERM, () -> tree.rmdir("birds/owl"));
        refuses(Errno.EPERM, () -> tree.rmdir("birds"));
        refuses(Errno.EPERM, () -> tree.unlink("birds/owl/song"));
        refuses(Errno.EACCES, () -> tree.write("birds/owl/song", "x"));
        assertThat(tree.read("birds/owl/last_error")).contains("cannot be written");
        assertThat(birds()).containsExactly("owl");
    }

    @Test
    void canBeLinkedByNobodyWhoDoesNotKnowIt() {
        model.birds.add("owl");
        tree.mkdir("shelves/s");
        refuses(Errno.EINVAL, () -> tree.symlink("shelves/s/boxes/owl", "birds/owl"));
        model.birds.remove("owl");
        assertThat(birds()).isEmpty();
    }

    @Test
    void isNoStateAndNoChange() {
        model.birds.add("owl");
        List<Change> changes = new ArrayList<>();
        tree.listener(change -> {
            changes.add(change);
            return () -> {};
        });
        assertThat(birds()).containsExactly("owl");
        model.birds.remove("owl");
        assertThat(birds()).isEmpty();
        model.birds.add("owl");
        assertThat(tree.snapshot(tree.root()).directories())
                .extracting(Snapshot::name)
                .containsExactly("boxes", "shelves");
        assertThat(changes).isEmpty();
    }

    /** Whatever many see who look while birds come and go, in the end all see the same, once each. */
    @Test
    void agreesWithTheSystemAfterLooksFromManyThreads() throws Exception {
        int threads = 4;
        List<Throwable> failures = new ArrayList<>();
        CyclicBarrier together = new CyclicBarrier(threads);
        List<Thread> all =
                IntStream.range(0, threads)
                        .mapToObj(number ->
                                new Thread(() -> {
                                    SplittableRandom random = new SplittableRandom(number);
                                    try {
                                        together.await();
                                        for (int i = 0; i < 500; i++) {
                                            String bird = "bird" + random.nextInt(8);
                                            if (random.nextBoolean()) {
                                                model.birds.add(bird);
                                            } else {
                                                model.birds.remove(bird);
                                            }
                                            assertThat(birds()).doesNotHaveDuplicates();
                                        }
                                    } catch (Exception | AssertionError failure) {
                                        synchronized (failures) {
                                            failures.add(failure);
                                        }
                                    }
                                }))
                        .toList();
        all.forEach(Thread::start);
        for (Thread thread : all) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(birds()).containsExactlyInAnyOrderElementsOf(model.birds);
    }
}
