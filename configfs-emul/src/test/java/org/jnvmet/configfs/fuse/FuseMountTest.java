package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.configfs.tree.TestModel;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Shell commands on a real mount, and the errno that reaches them. */
@Tag("fuse")
@Tag("root")
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FuseMountTest {
    private static final String EPERM = "Operation not permitted";
    private static final String ENOENT = "No such file or directory";
    private static final String EACCES = "Permission denied";
    private static final String EBUSY = "Device or resource busy";
    private static final String EEXIST = "File exists";
    private static final String ENOTDIR = "Not a directory";
    private static final String EINVAL = "Invalid argument";
    private static final String ENOTEMPTY = "Directory not empty";

    private final TestModel model = new TestModel();

    @TempDir Path temporary;

    private Path directory = Path.of("/");
    private Shell shell = new Shell(directory);
    private FuseMount mount;

    @BeforeEach
    void mount() throws Exception {
        MountFixture.requireMounting();
        directory = Files.createDirectory(temporary.resolve("mount"));
        mount = FuseMount.mount(directory, model.tree);
        shell = new Shell(directory);
    }

    @AfterEach
    void unmount() {
        if (mount != null) {
            mount.close();
        }
    }

    @Test
    void isNamedInTheTableOfMounts() {
        assertThat(shell.ok("grep ' " + directory + " ' /proc/mounts"))
                .startsWith("jnvmet " + directory + " fuse.jnvmet ");
        assertThat(shell.ok("stat -f -c '%l %s' .")).isEqualTo("255 4096");
    }

    @Test
    void showsModesSizesAndOwnersAsConfigfs() {
        shell.ok("mkdir boxes/a");

        assertThat(shell.ok("stat -c '%A %s %U' boxes/a/colour")).isEqualTo("-rw-r--r-- 4096 root");
        assertThat(shell.ok("stat -c '%A %s' boxes/a/kind")).isEqualTo("-r--r--r-- 4096");
        assertThat(shell.ok("stat -c '%A' boxes/a/shake")).isEqualTo("--w-------");
        assertThat(shell.ok("stat -c '%A %h' boxes/a")).isEqualTo("drwxr-xr-x 3");
        assertThat(shell.ok("stat -c '%h' .")).isEqualTo("5");
        assertThat(shell.ok("ls boxes/a"))
                .isEqualTo("colour\ndelay\nkind\nlast_error\nlids\nshake");
        assertThat(shell.ok("find . -type d | sort"))
                .isEqualTo(
                        ".\n./birds\n./boxes\n./boxes/a\n./boxes/a/lids\n./boxes/a/lids/first\n./shelves");
        shell.ok("ls -laR .");
    }

    @Test
    void showsWhatComesAndGoesByItself() {
        assertThat(shell.ok("ls -A birds; stat -c '%A %h' birds")).isEqualTo("drwxr-xr-x 1");
        model.birds.add("owl");
        assertThat(shell.ok("cd birds; ls -A; cat owl/song; find . -type d | sort"))
                .isEqualTo("owl\nowl!\n.\n./owl");
        shell.refused(EPERM, "mkdir birds/auk");
        shell.refused(EPERM, "rmdir birds/owl");
        shell.refused(EACCES, "echo x > birds/owl/song");
    }

    /** Who holds a file of what has gone is told so, and never sees another one of the same name in its place. */
    @Test
    void anOpenFileDoesNotOutliveWhatItTellsOf() throws IOException {
        model.birds.add("owl");
        Process reader = shell.start("exec 3<birds/owl/song; echo open; read; cat <&3");
        try (BufferedReader output = reader.inputReader()) {
            assertThat(output.readLine()).isEqualTo("open");
            model.birds.remove("owl");
            shell.refused(ENOENT, "cat birds/owl/song");
            model.birds.add("owl");
            assertThat(shell.ok("cat birds/owl/song")).isEqualTo("owl!");
            reader.outputWriter().write("\n");
            reader.outputWriter().flush();
            assertThat(output.readLine()).contains(ENOENT);
        }
    }

    @Test
    void storesAndShowsText() {
        shell.ok("mkdir boxes/a; echo blue > boxes/a/colour");
        assertThat(shell.ok("cat boxes/a/colour; od -c boxes/a/colour | head -1"))
                .isEqualTo("blue\n0000000   b   l   u   e  \\n");

        shell.ok("printf green > boxes/a/colour");
        assertThat(shell.ok("cat boxes/a/colour")).isEqualTo("green");
        shell.ok(
                "printf 'black\\0rest' >> boxes/a/colour; truncate -s 0 boxes/a/colour; : > boxes/a/colour");
        assertThat(shell.ok("cat boxes/a/colour")).isEqualTo("black");
    }

    @Test
    void aRefusedStoreFailsInWriteItself() {
        shell.refused(EINVAL, "echo wrong > motto");
        assertThat(shell.ok("cat last_error")).isEqualTo("value \"wrong\" is wrong");
        shell.refused("Input/output error", "echo defect > motto");
        shell.refused(EINVAL, "printf '\\xff' > motto");
        assertThat(shell.ok("cat motto")).isEqualTo("none");
    }

    @Test
    void oneWriteIsOneStoreOfAtMost4095Bytes() {
        String python =
                "python3 - <<'E'\nimport os\nfd = os.open('motto', os.O_WRONLY | os.O_CREAT | os.O_TRUNC)\n";
        assertThat(shell.ok(python + "print(os.write(fd, b'x' * 5000))\nE")).isEqualTo("4095");
        assertThat(shell.ok("cat motto | wc -c")).isEqualTo("4096");
        assertThat(shell.ok(python + "print(os.write(fd, b'y' * 4095), os.write(fd, b'z'))\nE"))
                .isEqualTo("4095 1");
        assertThat(shell.ok("cat motto")).isEqualTo("z");
        assertThat(
                        shell.ok(
                                "dd if=/dev/zero bs=200k count=1 2>/dev/null | tr '\\0' q | dd of=motto bs=200k 2>&1"
                                        + " iflag=fullblock | tail -1; cat motto | tail -c 4 | head -c 3"))
                .endsWith("qqq");
        assertThat(shell.ok("dd if=motto bs=1 skip=1 count=2 2>/dev/null")).isEqualTo("qq");
    }

    @Test
    void aReaderKeepsItsTextUntilItWrites() {
        assertThat(
                        shell.ok(
                                """
                                exec 3<>motto
                                head -c 2 <&3; echo changed > motto; cat <&3
                                echo again >&3
                                exec 4<motto; cat <&4
                                """))
                .isEqualTo("none\nagain");
    }

    @Test
    void obeysAttributeModesEvenForRoot() {
        shell.ok("mkdir boxes/a");

        shell.refused(EACCES, "echo x > boxes/a/kind");
        shell.refused(EACCES, "cat boxes/a/shake");
        shell.ok("echo 1 > boxes/a/shake");
        assertThat(model.calls).endsWith("shake a 1");
    }

    @Test
    void refusesFilesRenamesAndHardLinks() {
        shell.ok("mkdir boxes/a");

        shell.refused(EACCES, "touch boxes/a/new");
        shell.refused(EACCES, "echo x > boxes/new");
        assertThat(shell.ok("cat boxes/last_error"))
                .isEqualTo("files cannot be made here, only written");
        shell.refused(EPERM, "mknod boxes/node p");
        shell.refused(EPERM, "mv boxes/a boxes/b");
        shell.refused(EPERM, "mv -T motto boxes/motto");
        shell.refused(EPERM, "ln motto boxes/a/motto");
        shell.refused(EPERM, "rm -f motto");
    }

    @Test
    void makesAndRemovesDirectories() {
        shell.ok("mkdir boxes/a boxes/a/lids/second");

        shell.refused(EPERM, "mkdir x");
        shell.refused(EEXIST, "mkdir boxes/a");
        shell.refused(EINVAL, "mkdir boxes/bad");
        assertThat(shell.ok("cat boxes/last_error")).isEqualTo("box bad is bad");
        shell.refused("File name too long", "mkdir boxes/" + "n".repeat(256));
        shell.refused("File name too long", "stat boxes/" + "n".repeat(256));
        shell.refused(ENOTEMPTY, "rmdir boxes/a");
        shell.refused(EPERM, "rmdir boxes/a/lids/first");
        shell.refused(EPERM, "rmdir boxes/a/lids");
        shell.refused(EPERM, "rm -rf boxes/a");
        shell.refused(ENOTDIR, "rmdir motto");
        shell.ok("rmdir boxes/a/lids/second; rmdir boxes/a");
        shell.refused(ENOENT, "stat boxes/a");
    }

    @Test
    void anExceptionOfTheModelIsEioAndTheMountLives() {
        shell.refused("Input/output error", "mkdir boxes/bug");
        assertThat(shell.ok("cat boxes/last_error")).startsWith("internal error");
        shell.ok("mkdir boxes/a");
    }

    @Test
    void refusesToRemoveALinkTarget() {
        shell.ok("mkdir boxes/a shelves/1; ln -s ../../../boxes/a shelves/1/boxes/x");

        shell.refused(EBUSY, "rmdir boxes/a");
        shell.refused(ENOTEMPTY, "rmdir shelves/1");
        shell.ok("rm shelves/1/boxes/x; rmdir boxes/a shelves/1");
        assertThat(model.calls).containsExactly("make a", "link x a", "unlink x", "remove a");
    }

    @Test
    void chmodChownAndTouchWorkOnWhatExists() {
        shell.ok("chmod 600 motto; chown 12:34 motto; touch -d @1000.5 motto");
        assertThat(shell.ok("stat -c '%a %u %g %.1Y' motto")).isEqualTo("600 12 34 1000.5");
        shell.ok("chmod 700 boxes; touch motto boxes");
        assertThat(shell.ok("stat -c %a boxes")).isEqualTo("700");
        assertThat(shell.ok("test $(stat -c %Y motto) -gt 1000 && echo now")).isEqualTo("now");
    }

    @Test
    void otherUsersMayReadButNotChange() {
        String nobody = "setpriv --reuid 65534 --regid 65534 --clear-groups ";
        shell.ok("chmod 755 " + temporary);
        assertThat(shell.ok(nobody + "cat motto")).isEqualTo("none");
        shell.refused(EACCES, nobody + "bash -c 'echo x > motto'");
        shell.refused(EACCES, nobody + "mkdir boxes/a");
    }

    @Test
    void extendedAttributesAndTerminalsAreUnknown() {
        String python = "python3 - <<'E'\nimport os, termios\nfd = os.open('motto', os.O_RDWR)\n";
        shell.refused("Inappropriate ioctl for device", python + "termios.tcgetattr(fd)\nE");
        shell.refused(
                "Operation not supported", python + "os.setxattr('motto', 'user.x', b'1')\nE");
        shell.ok(python + "os.fsync(fd)\nos.lseek(fd, 0, 0)\nE");
    }

    @Test
    void listsAThousandEntriesWhileTheyChange() {
        for (int box = 0; box < 1500; box++) {
            model.tree.mkdir("boxes/a-box-with-a-rather-long-name-number-" + box);
        }
        assertThat(shell.ok("ls boxes | wc -l")).isEqualTo("1500");
        assertThat(
                        shell.ok(
                                """
                                python3 - <<'E'
                                import os
                                names = [entry.name for entry in os.scandir('boxes')]
                                print(len(names), len(set(names)))
                                seen, removed = set(), 0
                                with os.scandir('boxes') as entries:
                                    for entry in entries:
                                        assert entry.name not in seen, entry.name
                                        seen.add(entry.name)
                                        if entry.is_dir() and removed < 1000:
                                            os.rmdir(entry.path)
                                            removed += 1
                                print(len(seen), len(os.listdir('boxes')))
                                E\
                                """))
                .isEqualTo("1500 1500\n1500 500");
    }

    @Test
    void anOpenFileOfARemovedDirectoryIsGone() {
        assertThat(
                        shell.ok(
                                """
                                python3 - <<'E'
                                import os
                                os.mkdir('boxes/a')
                                fd = os.open('boxes/a/colour', os.O_RDWR)
                                os.read(fd, 100)
                                os.lseek(fd, 0, 0)
                                os.rmdir('boxes/a')
                                for operation in (lambda: os.read(fd, 100), lambda: os.write(fd, b'x')):
                                    try:
                                        operation()
                                    except OSError as error:
                                        print(error.strerror)
                                print(os.fstat(fd).st_nlink)
                                os.mkdir('boxes/a')
                                try:
                                    os.read(fd, 100)
                                except OSError as error:
                                    print(error.strerror)
                                os.close(fd)
                                E\
                                """))
                .isEqualTo(ENOENT + "\n" + ENOENT + "\n0\n" + ENOENT);
    }

    @Test
    void aSlowRmdirKeepsNobodyElseWaiting() throws Exception {
        shell.ok("mkdir boxes/slow shelves/1");
        Process removal = shell.start("rmdir boxes/slow");
        model.awaitStart("slow");

        shell.ok(
                "mkdir shelves/2; echo new > motto; cat motto; ls shelves; rmdir shelves/2; stat boxes");

        assertThat(removal.isAlive()).isTrue();
        model.finish("slow");
        assertThat(removal.waitFor()).isZero();
        shell.refused(ENOENT, "stat boxes/slow");
    }

    @Test
    void manySlowStoresRunAtOnce() throws Exception {
        int count = 50;
        for (int box = 0; box < count; box++) {
            model.tree.mkdir("boxes/slow" + box);
        }
        Process stores =
                shell.start("for i in $(seq 0 49); do echo 1 > boxes/slow$i/delay & done; wait");
        for (int box = 0; box < count; box++) {
            model.awaitStart("slow" + box);
        }
        assertThat(shell.ok("cat motto boxes/slow7/colour")).isEqualTo("none\nred");
        for (int box = 0; box < count; box++) {
            model.finish("slow" + box);
        }
        assertThat(stores.waitFor()).isZero();
    }

    @Test
    void refusesMoreSlowOperationsThanItMayRun() {
        int count = Server.MOST_RUNNING + 4;
        for (int box = 0; box < count; box++) {
            model.tree.mkdir("boxes/slow" + box);
        }
        Process stores =
                shell.start(
                        """
                        python3 - <<'E'
                        import errno, os, threading
                        def store(box):
                            try:
                                with open('boxes/slow%%d/delay' %% box, 'w') as file:
                                    file.write('1')
                            except OSError as error:
                                assert error.errno == errno.EAGAIN, error
                                os.write(1, b'refused\\n')
                        threading.stack_size(65536)
                        threads = [threading.Thread(target=store, args=(box,)) for box in range(%d)]
                        [thread.start() for thread in threads]
                        [thread.join() for thread in threads]
                        E\
                        """
                                .formatted(count));
        List<String> refused = new ArrayList<>();
        BufferedReader output = stores.inputReader(StandardCharsets.UTF_8);
        try {
            for (int line = 0; line < 4; line++) {
                refused.add(output.readLine());
            }
        } catch (IOException failure) {
            throw new UncheckedIOException(failure);
        }
        for (int box = 0; box < count; box++) {
            model.finish("slow" + box);
        }

        assertThat(refused).containsOnly("refused");
        assertThat(output.lines()).isEmpty();
    }

    @Test
    void copiesAndTeesAndFollowsOtherToolsOfTheShell() throws Exception {
        Path file = Files.writeString(temporary.resolve("file"), "copied\n");
        shell.ok("cp " + file + " motto && diff " + file + " motto");
        shell.ok("echo teed | tee motto > " + file + " && diff " + file + " motto");
        shell.ok("cat " + file + " " + file + " > motto; grep -r teed . | grep motto");
        shell.refused(EACCES, "sed -i s/teed/x/ motto");
        shell.ok("tar cf - . 2>/dev/null | tar tf - | grep -q boxes/");
    }

    @Test
    void forgetsWhatTheKernelForgets() {
        int before = mount.nodesKnown();
        shell.ok(
                """
                python3 - <<'E'
                import os
                for box in range(2000):
                    name = 'boxes/b%d' % box
                    os.mkdir(name)
                    for _ in range(10):
                        os.stat(name + '/lids/first/size')
                    with open(name + '/colour') as file:
                        file.read()
                    os.rmdir(name)
                E\
                """);

        // What was removed is forgotten by messages of their own, which follow soon.
        shell.ok("for i in $(seq 50); do cat motto; done");
        assertThat(mount.filesOpen()).isLessThan(10);
        assertThat(mount.nodesKnown()).isLessThan(before + 200);
    }
}
