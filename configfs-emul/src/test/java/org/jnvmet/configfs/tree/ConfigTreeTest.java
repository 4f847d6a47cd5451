package org.jnvmet.configfs.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.junit.jupiter.api.Test;

class ConfigTreeTest {
    private final TestModel model = new TestModel();
    private final ConfigTree tree = model.tree;

    @Test
    void mkdirGivesAttributesAndDefaultGroupsAtOnce() {
        Directory box = tree.mkdir("boxes/a");

        assertThat(tree.list(box))
                .extracting(Node::name)
                .containsExactly("colour", "delay", "shake", "kind", "last_error", "lids");
        assertThat(tree.directory("boxes/a/lids/first").isDefaultGroup()).isTrue();
        assertThat(tree.read("boxes/a/colour")).isEqualTo("red");
    }

    @Test
    void listsWhatWasMadeInTheOrderOfMaking() {
        tree.mkdir("boxes/z");
        tree.mkdir("boxes/a");
        tree.mkdir("boxes/m");

        assertThat(tree.list(tree.directory("boxes")))
                .extracting(Node::name)
                .containsExactly("z", "a", "m");
        assertThat(tree.list(tree.directory("boxes"))).extracting(Node::id).isSorted();
    }

    @Test
    void refusesMkdirWhereNothingCanBeMade() {
        tree.mkdir("boxes/a");

        assertRefused(Errno.EPERM, () -> tree.mkdir("x"));
        assertRefused(Errno.EPERM, () -> tree.mkdir("boxes/a/x"));
        assertRefused(Errno.EPERM, () -> tree.mkdir("boxes/a/lids/first/x"));
    }

    @Test
    void refusesNamesThatExistOrAreNone() {
        tree.mkdir("boxes/a");

        assertRefused(Errno.EEXIST, () -> tree.mkdir("boxes/a"));
        assertRefused(Errno.EEXIST, () -> tree.mkdir("boxes/a/lids"));
        assertRefused(Errno.EEXIST, () -> tree.mkdir("boxes/last_error"));
        assertRefused(Errno.EINVAL, () -> tree.mkdir(tree.directory("boxes"), ".."));
        assertRefused(Errno.EINVAL, () -> tree.mkdir(tree.directory("boxes"), "a/b"));
        assertRefused(Errno.ENAMETOOLONG, () -> tree.mkdir("boxes/" + "n".repeat(256)));
        assertRefused(Errno.ENAMETOOLONG, () -> tree.mkdir("boxes/" + "é".repeat(128)));
        assertThat(tree.mkdir("boxes/" + "n".repeat(255)).isLive()).isTrue();
    }

    @Test
    void aRefusedMkdirLeavesNothing() {
        assertRefused(Errno.EINVAL, () -> tree.mkdir("boxes/bad"));
        assertRefused(Errno.ENOENT, () -> tree.lookup("boxes/bad"));
        assertThatThrownBy(() -> tree.mkdir("boxes/bug")).isInstanceOf(IllegalStateException.class);
        assertRefused(Errno.ENOENT, () -> tree.lookup("boxes/bug"));
        assertThat(tree.directory("boxes").claims).isEmpty();
    }

    @Test
    void refusesToRemoveDefaultGroups() {
        tree.mkdir("boxes/a");

        assertRefused(Errno.EPERM, () -> tree.rmdir("boxes"));
        assertRefused(Errno.EPERM, () -> tree.rmdir("boxes/a/lids"));
        assertRefused(Errno.EPERM, () -> tree.rmdir("boxes/a/lids/first"));
        assertRefused(Errno.EPERM, () -> tree.rmdir(""));
    }

    @Test
    void refusesToRemoveWhatHoldsSomethingMade() {
        tree.mkdir("boxes/a");
        tree.mkdir("boxes/a/lids/second");

        assertRefused(Errno.ENOTEMPTY, () -> tree.rmdir("boxes/a"));
        tree.rmdir("boxes/a/lids/second");
        tree.rmdir("boxes/a");

        assertRefused(Errno.ENOENT, () -> tree.lookup("boxes/a"));
        assertThat(model.calls).endsWith("remove a");
    }

    @Test
    void aTargetIsBusyBeforeItIsFoundNotEmpty() {
        tree.mkdir("boxes/a");
        tree.mkdir("boxes/a/lids/second");
        tree.mkdir("shelves/1");
        tree.symlink("shelves/1/boxes/x", "boxes/a");
        tree.symlink("shelves/1/boxes/y", "boxes/a");

        assertRefused(Errno.EBUSY, () -> tree.rmdir("boxes/a"));
        tree.unlink("shelves/1/boxes/x");
        assertRefused(Errno.EBUSY, () -> tree.rmdir("boxes/a"));
        tree.unlink("shelves/1/boxes/y");
        assertRefused(Errno.ENOTEMPTY, () -> tree.rmdir("boxes/a"));
    }

    @Test
    void linksLeadToTheirTargetsAndKeepTheirDirectory() {
        tree.mkdir("boxes/a");
        tree.mkdir("shelves/1");
        Link link = tree.symlink("shelves/1/boxes/x", "boxes/a");

        assertThat(link.text()).isEqualTo("../../../boxes/a");
        assertThat(tree.read("shelves/1/boxes/x/colour")).isEqualTo("red");
        assertRefused(Errno.ENOTEMPTY, () -> tree.rmdir("shelves/1"));
        tree.unlink("shelves/1/boxes/x");
        tree.rmdir("shelves/1");
        assertThat(model.calls).containsExactly("make a", "link x a", "unlink x");
    }

    @Test
    void refusesLinksThatMayNotBe() {
        tree.mkdir("boxes/a");
        tree.mkdir("shelves/1");
        tree.symlink("shelves/1/boxes/x", "boxes/a");

        assertRefused(Errno.EPERM, () -> tree.symlink("boxes/x", "boxes/a"));
        assertRefused(Errno.EINVAL, () -> tree.symlink("shelves/1/boxes/y", "shelves/1"));
        assertRefused(Errno.EEXIST, () -> tree.symlink("shelves/1/boxes/x", "boxes/a"));
        assertRefused(Errno.ENOENT, () -> tree.symlink("shelves/1/boxes/y", "boxes/none"));
        assertRefused(Errno.ENOTDIR, () -> tree.symlink("shelves/1/boxes/y", "motto"));
        assertThat(tree.directory("shelves/1").incomingLinks).isZero();
    }

    @Test
    void unlinkTakesOnlyLinks() {
        assertRefused(Errno.EPERM, () -> tree.unlink("motto"));
        assertRefused(Errno.EISDIR, () -> tree.unlink("boxes"));
        assertRefused(Errno.ENOTDIR, () -> tree.rmdir("motto"));
    }

    @Test
    void attributesObeyTheirMode() {
        tree.mkdir("boxes/a");

        assertRefused(Errno.EACCES, () -> tree.write("boxes/a/kind", "x"));
        assertRefused(Errno.EACCES, () -> tree.read("boxes/a/shake"));
        assertRefused(Errno.EACCES, () -> tree.write("boxes/a/last_error", "x"));
        tree.write("boxes/a/shake", "well\n");
        assertThat(model.calls).endsWith("shake a well");

        tree.metadata(tree.attribute("boxes/a/colour"), metadata -> metadata.withMode(0444));
        assertRefused(Errno.EACCES, () -> tree.write("boxes/a/colour", "blue"));
    }

    @Test
    void aStoreTakesAtMost4095Bytes() {
        tree.write("motto", "m".repeat(4095));
        assertRefused(Errno.EINVAL, () -> tree.write("motto", "m".repeat(4096)));
        assertRefused(Errno.EINVAL, () -> tree.write("motto", "é".repeat(2048)));
        assertThat(tree.read("motto")).hasSize(4095);
    }

    @Test
    void lastErrorTellsTheLatestRefusalOfADirectory() {
        tree.mkdir("boxes/a");
        assertThat(tree.read("boxes/a/last_error")).isEmpty();

        assertRefused(Errno.EINVAL, () -> tree.write("boxes/a/colour", "wrong"));
        assertThat(tree.read("boxes/a/last_error")).isEqualTo("value \"wrong\" is wrong");

        tree.mkdir("boxes/a/lids/second");
        assertRefused(Errno.ENOTEMPTY, () -> tree.rmdir("boxes/a"));
        assertThat(tree.read("boxes/a/last_error"))
                .isEqualTo("boxes/a is not empty: it has boxes/a/lids/second");
        assertThat(tree.read("boxes/last_error")).isEqualTo(tree.read("boxes/a/last_error"));
        assertThat(tree.read("last_error")).isEmpty();

        assertRefused(Errno.EEXIST, () -> tree.mkdir("boxes/a"));
        assertThat(tree.read("boxes/last_error")).isEqualTo("a exists in boxes");
    }

    @Test
    void lastErrorIsOneBoundedLineWhateverTheName() {
        String hostile = "bad\n" + "n".repeat(200);
        assertRefused(Errno.EINVAL, () -> tree.mkdir(tree.directory("boxes"), hostile));
        assertThat(tree.read("boxes/last_error")).startsWith("box bad?nnn").doesNotContain("\n");

        assertThatThrownBy(() -> tree.write("motto", "defect"))
                .isInstanceOf(IllegalStateException.class);
        assertThat(tree.read("last_error")).startsWith("internal error");
        tree.root().note("x".repeat(100_000));
        assertThat(tree.read("last_error")).hasSize(1024);
    }

    @Test
    void tellsEachChangeOnceAndWaitsForItOutsideTheLock() {
        List<Change> changes = new ArrayList<>();
        List<Change> durable = new ArrayList<>();
        tree.listener(change -> {
            changes.add(change);
            return () -> {
                assertThat(tree.lookup("motto").isLive()).isTrue();
                durable.add(change);
            };
        });

        tree.mkdir("boxes/a");
        tree.write("boxes/a/colour", "blue\n");
        tree.write("boxes/a/shake", "1");
        tree.mkdir("shelves/1");
        tree.symlink("shelves/1/boxes/x", "boxes/a");
        tree.unlink("shelves/1/boxes/x");
        tree.rmdir("boxes/a");
        assertRefused(Errno.EINVAL, () -> tree.mkdir("boxes/bad"));
        assertRefused(Errno.EINVAL, () -> tree.write("motto", "wrong"));

        assertThat(changes)
                .containsExactly(
                        new Change.Mkdir("boxes/a"),
                        new Change.Write("boxes/a/colour", "blue"),
                        new Change.Mkdir("shelves/1"),
                        new Change.Symlink("shelves/1/boxes/x", "boxes/a"),
                        new Change.Unlink("shelves/1/boxes/x"),
                        new Change.Rmdir("boxes/a"));
        assertThat(durable).isEqualTo(changes);
    }

    @Test
    void aJournalThatFailsIsSeenByTheCallerAndTheChangeStays() {
        tree.listener(_ ->
                () -> {
                    throw new ConfigException(Errno.ENOSPC, "the journal is full");
                });

        assertRefused(Errno.ENOSPC, () -> tree.mkdir("boxes/a"));
        assertRefused(Errno.ENOSPC, () -> tree.write("motto", "new"));
        tree.listener(ChangeListener.NONE);
        assertThat(tree.directory("boxes/a").isLive()).isTrue();
        assertThat(tree.read("motto")).isEqualTo("new");
    }

    @Test
    void aFailingJournalKeepsTheCountOfLinksRight() {
        tree.mkdir("boxes/a");
        tree.mkdir("shelves/1");
        tree.listener(_ -> {
            throw new ConfigException(Errno.EIO, "no journal");
        });

        assertRefused(Errno.EIO, () -> tree.symlink("shelves/1/boxes/x", "boxes/a"));
        tree.listener(ChangeListener.NONE);
        assertRefused(Errno.EBUSY, () -> tree.rmdir("boxes/a"));
        tree.unlink("shelves/1/boxes/x");
        tree.rmdir("boxes/a");
    }

    @Test
    void aSnapshotHasSettingsLinksAndDirectoriesOnly() {
        tree.mkdir("boxes/a");
        tree.write("boxes/a/colour", "blue");
        tree.mkdir("shelves/1");
        tree.symlink("shelves/1/boxes/x", "boxes/a");

        Snapshot root = tree.snapshot(tree.root());
        Snapshot box = root.directories().getFirst().directories().getFirst();
        Snapshot shelf = root.directories().getLast().directories().getFirst();

        assertThat(root.settings()).containsExactly(java.util.Map.entry("motto", "none"));
        assertThat(box.name()).isEqualTo("a");
        assertThat(box.isDefaultGroup()).isFalse();
        assertThat(box.settings())
                .containsOnlyKeys("colour", "delay")
                .containsEntry("colour", "blue");
        assertThat(box.directories()).extracting(Snapshot::name).containsExactly("lids");
        assertThat(shelf.directories().getFirst().links()).containsEntry("x", "boxes/a");
    }

    @Test
    void chmodChownAndTimesAreKept() {
        Attribute motto = tree.attribute("motto");
        tree.metadata(motto, metadata -> metadata.withMode(0600).withOwner(7, 8));

        assertThat(motto.metadata().mode()).isEqualTo(0600);
        assertThat(motto.metadata().uid()).isEqualTo(7);
        assertThat(motto.metadata().gid()).isEqualTo(8);
    }

    private static void assertRefused(Errno errno, ThrowingCallable operation) {
        ConfigException refused = catchThrowableOfType(ConfigException.class, operation);
        assertThat(refused).as("refusal with %s", errno).isNotNull();
        assertThat(refused.errno()).as(refused.getMessage()).isEqualTo(errno);
        assertThat(refused.getMessage()).isNotBlank();
    }
}
