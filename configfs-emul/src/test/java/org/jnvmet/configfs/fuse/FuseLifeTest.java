package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.configfs.tree.TestModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** How mounts begin and end. */
@Tag("fuse")
@Tag("root")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseLifeTest {
    private static final Duration LIMIT = Duration.ofSeconds(20);

    private final TestModel model = new TestModel();

    @TempDir Path temporary;

    private Path directory = Path.of("/");
    private Shell outside = new Shell(Path.of("/"));

    /** Another process that mounts a tree on its argument. */
    static final class Child {
        private Child() {}

        static void main(String[] arguments) throws Exception {
            FuseMount mount = FuseMount.mount(Path.of(arguments[0]), new TestModel().tree);
            System.out.println("mounted");
            mount.awaitUnmount(Duration.ofHours(1));
        }
    }

    @BeforeEach
    void require() throws Exception {
        MountFixture.requireMounting();
        directory = Files.createDirectory(temporary.resolve("mount"));
    }

    @AfterEach
    void unmountWhatIsLeft() {
        outside.run("while umount -l " + directory + " 2>/dev/null; do :; done");
    }

    @Test
    void closeUnmounts() throws Exception {
        FuseMount mount = FuseMount.mount(directory, model.tree);
        mount.close();

        assertThat(MountTable.of("self").at(directory.toString())).isEmpty();
        assertThat(mount.awaitUnmount(LIMIT)).isTrue();
        mount.close();
        FuseMount.mount(directory, model.tree).close();
    }

    @Test
    void closeUnmountsWhatIsInUse() throws Exception {
        FuseMount mount = FuseMount.mount(directory, model.tree);
        Process user = new Shell(directory).start("exec 3<motto; echo in; read -r line; cat motto");
        assertThat(user.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("in");

        mount.close();

        assertThat(MountTable.of("self").at(directory.toString())).isEmpty();
        user.getOutputStream().close();
        assertThat(user.waitFor()).isNotZero();
        assertThat(mount.awaitUnmount(LIMIT)).isTrue();
    }

    @Test
    void closeCutsOffASlowOperation() throws Exception {
        model.tree.mkdir("boxes/slow");
        FuseMount mount = FuseMount.mount(directory, model.tree);
        Process removal = new Shell(directory).start("rmdir boxes/slow");
        model.awaitStart("slow");

        mount.close();

        assertThat(removal.waitFor()).isNotZero();
        model.finish("slow");
    }

    @Test
    void anUnmountFromOutsideEndsTheMountOnly() throws Exception {
        FuseMount mount = FuseMount.mount(directory, model.tree);
        outside.ok("umount " + directory);

        assertThat(mount.awaitUnmount(LIMIT)).isTrue();
        assertThat(model.tree.read("motto")).isEqualTo("none");
        mount.close();
    }

    @Test
    void closeLeavesAMountThatIsNotOurs() throws Exception {
        FuseMount mount = FuseMount.mount(directory, model.tree);
        outside.ok("umount " + directory + "; mount -t tmpfs none " + directory);

        mount.close();

        assertThat(outside.ok("stat -f -c %T " + directory)).isEqualTo("tmpfs");
    }

    @Test
    void replacesTheMountOfAKilledProcess() throws Exception {
        Process child = child();
        child.destroyForcibly().waitFor();
        outside.refused("Transport endpoint is not connected", "ls " + directory);

        try (FuseMount mount = FuseMount.mount(directory, model.tree)) {
            assertThat(outside.ok("cat " + directory + "/motto")).isEqualTo("none");
            assertThat(mount.awaitUnmount(Duration.ZERO)).isFalse();
        }
        assertThat(MountTable.of("self").at(directory.toString())).isEmpty();
    }

    @Test
    void refusesToMountOverALiveMount() throws Exception {
        Process child = child();
        try {
            assertThatThrownBy(() -> FuseMount.mount(directory, model.tree))
                    .isInstanceOf(IOException.class)
                    .hasMessage(
                            directory
                                    + " is a live mount already: unmount it, or stop the jnvmet that serves it");
            assertThat(outside.ok("cat " + directory + "/motto")).isEqualTo("none");
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    @Test
    void refusesToMountOnWhatIsNoDirectory() throws Exception {
        Path file = Files.createFile(temporary.resolve("file"));
        assertThatThrownBy(() -> FuseMount.mount(file, model.tree))
                .hasMessage("cannot mount on " + file + ": it is no directory");
        Path missing = temporary.resolve("missing");
        assertThatThrownBy(() -> FuseMount.mount(missing, model.tree))
                .hasMessage("cannot mount on " + missing + ": it is no directory");
    }

    @Test
    void aChildProcessDoesNotKeepTheMountAlive() throws Exception {
        Process sleeper;
        try (FuseMount mount = FuseMount.mount(directory, model.tree)) {
            sleeper = outside.start("ls -l /proc/self/fd; sleep 1000");
            String line = sleeper.inputReader(StandardCharsets.UTF_8).readLine();
            assertThat(line).isNotNull();
            assertThat(mount.awaitUnmount(Duration.ZERO)).isFalse();
            assertThat(outside.ok("ls -l /proc/" + sleeper.pid() + "/fd"))
                    .doesNotContain("/dev/fuse");
        }
        sleeper.destroyForcibly().waitFor();
    }

    @Test
    void mountsInAUserNamespaceWithoutRootOutside() throws Exception {
        Process child = child("unshare", "-Urm");
        try {
            String enter = "nsenter -U -m --preserve-credentials -t " + child.pid() + " ";
            assertThat(outside.ok(enter + "cat " + directory + "/motto")).isEqualTo("none");
            outside.ok(enter + "mkdir " + directory + "/boxes/a " + directory + "/shelves/1");
            outside.ok(
                    enter + "ln -s " + directory + "/boxes/a " + directory + "/shelves/1/boxes/x");
            assertThat(MountTable.of("self").at(directory.toString())).isEmpty();
        } finally {
            child.destroyForcibly().waitFor();
        }
    }

    @Test
    void saysWhatIsNeededWhereItMayNotMount() throws Exception {
        Process child = start("setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-all");
        assertThat(child.errorReader(StandardCharsets.UTF_8).lines())
                .anyMatch(line ->
                        line.endsWith(
                                "mounting on "
                                        + directory
                                        + " needs CAP_SYS_ADMIN: run as root, or in a namespace of your own with unshare -Urm"));
        assertThat(child.waitFor()).isNotZero();
    }

    private Process child(String... prefix) throws IOException {
        Process child = start(prefix);
        assertThat(child.inputReader(StandardCharsets.UTF_8).readLine()).isEqualTo("mounted");
        return child;
    }

    private Process start(String... prefix) throws IOException {
        List<String> command = new ArrayList<>(List.of(prefix));
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        command.add("-cp");
        command.add(
                System.getProperty(
                        "surefire.test.class.path", System.getProperty("java.class.path")));
        command.add(Child.class.getName());
        command.add(directory.toString());
        return new ProcessBuilder(command).start();
    }
}
