package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.configfs.tree.TestModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Symbolic links by every text that a user may give, from everywhere. */
@Tag("fuse")
@Tag("root")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseLinkTest {
    private final TestModel model = new TestModel();

    @TempDir Path temporary;

    private Path directory = Path.of("/");
    private Shell shell = new Shell(directory);
    private FuseMount mount;

    @BeforeEach
    void mount() throws Exception {
        MountFixture.requireMounting();
        directory = Files.createDirectory(temporary.resolve("with space"));
        mount = FuseMount.mount(directory, model.tree);
        shell = new Shell(directory);
        shell.ok("mkdir boxes/a shelves/1");
    }

    @AfterEach
    void unmount() {
        if (mount != null) {
            mount.close();
        }
    }

    @Test
    void resolvesAnAbsoluteTarget() {
        shell.ok("ln -s \"$PWD/boxes/a\" shelves/1/boxes/x");
        assertLinked("x");
    }

    @Test
    void resolvesAgainstTheWorkingDirectoryOfTheCaller() {
        shell.ok("ln -s boxes/a shelves/1/boxes/x; cd shelves/1; ln -s ../../boxes/a boxes/y");
        assertLinked("x");
        assertLinked("y");
        new Shell(temporary).ok("ln -s 'with space/boxes/a' 'with space/shelves/1/boxes/z'");
        assertLinked("z");
    }

    @Test
    void resolvesAgainstTheLinksDirectoryOtherwise() {
        new Shell(Path.of("/")).ok("ln -s ../../../boxes/a '" + directory + "/shelves/1/boxes/x'");
        assertLinked("x");
    }

    @Test
    void resolvesThroughLinksOutsideAndDots() throws Exception {
        Files.createSymbolicLink(temporary.resolve("short"), Path.of("./with space"));
        Files.createSymbolicLink(temporary.resolve("loop"), Path.of("loop"));
        shell.ok("ln -s " + temporary + "/short/./boxes/../boxes//a/ shelves/1/boxes/x");
        assertLinked("x");
        shell.refused("No such file", "ln -s " + temporary + "/loop/boxes/a shelves/1/boxes/y");
    }

    @Test
    void resolvesThroughABindMountInAnotherNamespace() throws Exception {
        Files.createDirectory(temporary.resolve("bound"));
        shell.ok(
                "unshare -m sh -ec 'mount --bind . "
                        + temporary
                        + "/bound; cd "
                        + temporary
                        + "/bound/shelves; ln -s "
                        + temporary
                        + "/bound/boxes/a 1/boxes/x; ln -s ../boxes/a 1/boxes/y;"
                        + " mount --bind ../boxes /mnt; ln -s /mnt/a 1/boxes/z'");
        assertLinked("x");
        assertLinked("y");
        assertLinked("z");
    }

    @Test
    void resolvesInAChangedRoot() {
        assertThat(
                        shell.ok(
                                "unshare -m sh -ec 'mount -t tmpfs none /mnt; mkdir -p /mnt/cfg /mnt/bin /mnt/lib /mnt/lib64 /mnt/usr;"
                                        + " mount --bind . /mnt/cfg; mount --rbind /usr /mnt/usr; mount --rbind /bin /mnt/bin;"
                                        + " mount --rbind /lib /mnt/lib; mount --rbind /lib64 /mnt/lib64;"
                                        + " chroot /mnt sh -ec \"cd cfg/shelves; ln -s /cfg/boxes/a 1/boxes/x;"
                                        + " ln -s ../boxes/a 1/boxes/y; ls 1/boxes\"'"))
                .isEqualTo("x\ny");
        assertLinked("x");
    }

    @Test
    void refusesTargetsThatAreMissingElsewhereOrWrong() {
        shell.refused("No such file", "ln -s \"$PWD/boxes/none\" shelves/1/boxes/x");
        shell.refused("No such file", "ln -s ../../../boxes/none shelves/1/boxes/x");
        shell.refused("No such file", "ln -s /no/such/boxes/a shelves/1/boxes/x");
        shell.refused("Operation not permitted", "ln -s /tmp shelves/1/boxes/x");
        assertThat(shell.ok("cat shelves/1/boxes/last_error"))
                .isEqualTo("/tmp is not in this tree: links lead within it");
        shell.refused("Not a directory", "ln -s ../../../motto shelves/1/boxes/x");
        shell.refused("Invalid argument", "ln -s ../../1 shelves/1/boxes/x");
        shell.refused("Operation not permitted", "ln -s boxes/a boxes/x");
        assertThat(shell.ok("ls shelves/1/boxes")).isEmpty();
    }

    @Test
    void refusesANameThatIsTaken() {
        shell.ok("ln -s \"$PWD/boxes/a\" shelves/1/boxes/x");
        shell.refused("File exists", "ln -sT \"$PWD/boxes/a\" shelves/1/boxes/x");
        shell.refused("Operation not permitted", "mv -T shelves/1/boxes/x shelves/1/boxes/y");
    }

    private void assertLinked(String name) {
        assertThat(shell.ok("readlink shelves/1/boxes/" + name)).isEqualTo("../../../boxes/a");
        assertThat(shell.ok("cat shelves/1/boxes/" + name + "/colour")).isEqualTo("red");
        assertThat(shell.ok("stat -c '%A %s' shelves/1/boxes/" + name)).isEqualTo("lrwxrwxrwx 16");
    }
}
