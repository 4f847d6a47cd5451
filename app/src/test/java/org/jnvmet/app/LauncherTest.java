package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a checkout of its own, with JDKs and a Maven that are shell scripts, and with nothing on the path
 * but the tools that it may use.
 */
final class LauncherTest {
    private static final List<String> TOOLS =
            List.of(
                    "sh",
                    "sed",
                    "find",
                    "readlink",
                    "dirname",
                    "tr",
                    "touch",
                    "mv",
                    "mkdir",
                    "flock",
                    "cat",
                    "echo");

    @TempDir private Path temporary;

    private Path checkout;
    private Path jdks;
    private Path tools;

    @BeforeEach
    void makeCheckout() throws IOException {
        Path folder = temporary.toRealPath();
        checkout = Files.createDirectories(folder.resolve("check out"));
        jdks = Files.createDirectories(folder.resolve("jdks"));
        tools = Files.createDirectories(folder.resolve("tools"));
        Files.copy(Path.of("..", "jnvmet"), checkout.resolve("jnvmet"));
        Files.createDirectories(checkout.resolve("app/src/main/java/org/jnvmet/target"));
        Files.writeString(
                checkout.resolve("app/src/main/java/org/jnvmet/target/A.java"), "class A {}");
        for (String tool : TOOLS) {
            Files.createSymbolicLink(tools.resolve(tool), toolOfThisMachine(tool));
        }
        script(
                tools.resolve("mvn"),
                "echo built >> '%1$s/builds'; mkdir -p '%1$s/app/target'; : > '%1$s/app/target/jnvmet.jar'"
                        .formatted(checkout));
    }

    private static Path toolOfThisMachine(String tool) {
        for (String folder : List.of("/bin", "/usr/bin", "/usr/local/bin", "/opt/homebrew/bin")) {
            if (Files.isExecutable(Path.of(folder, tool))) {
                return Path.of(folder, tool);
            }
        }
        throw new AssertionError("this machine has no " + tool);
    }

    private static void script(Path path, String text) throws IOException {
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A JDK whose java says who it is and what it was given. */
    private Path jdk(String name, String version) throws IOException {
        Path home = jdks.resolve(name);
        script(
                home.resolve("bin/java"),
                "echo \"%s\"; for word in \"$@\"; do echo \"<$word>\"; done".formatted(name));
        script(home.resolve("bin/javac"), "exit 1");
        Files.writeString(
                home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    /** How a run ended and what it printed. */
    private record Outcome(int status, List<String> out, List<String> err) {}

    private ProcessBuilder launcher(String... arguments) {
        List<String> command = new ArrayList<>(List.of(checkout.resolve("jnvmet").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().clear();
        builder.environment().put("PATH", tools.toString());
        builder.environment().put("HOME", temporary.toString());
        builder.environment().put("JNVMET_JDK_FOLDERS", jdks.toString());
        return builder;
    }

    private Outcome run(ProcessBuilder builder) throws IOException, InterruptedException {
        Path out = Files.createTempFile(temporary, "out", "");
        Path err = Files.createTempFile(temporary, "err", "");
        Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
    }

    private List<String> builds() throws IOException {
        Path builds = checkout.resolve("builds");
        return Files.exists(builds) ? Files.readAllLines(builds) : List.of();
    }

    @Test
    void prefersTheJdkOfJavaHome() throws Exception {
        jdk("jdk-26", "26.0.1");
        ProcessBuilder launcher = launcher();
        launcher.environment().put("JAVA_HOME", jdk("mine", "25").toString());
        assertThat(run(launcher).out()).first().isEqualTo("mine");
    }

    @Test
    void passesOverWhatIsTooOld() throws Exception {
        jdk("a-21", "21.0.9");
        jdk("b-25", "25.0.3");
        ProcessBuilder launcher = launcher();
        launcher.environment().put("JAVA_HOME", jdk("old", "17.0.15").toString());
        Files.createSymbolicLink(tools.resolve("java"), jdks.resolve("a-21/bin/java"));
        assertThat(run(launcher).out()).first().isEqualTo("b-25");
    }

    @Test
    void followsTheJavaOnThePathToItsHome() throws Exception {
        Path hidden = jdk("hidden", "25.0.3");
        Path home = Files.move(hidden, temporary.toRealPath().resolve("elsewhere"));
        Files.createSymbolicLink(tools.resolve("java"), home.resolve("bin/java"));
        assertThat(run(launcher()).out()).first().isEqualTo("hidden");
    }

    @Test
    void asksJavaItselfWhereThereIsNoReleaseFile() throws Exception {
        for (String version : List.of("1.8.0_402", "24.0.2", "25")) {
            Path home = jdk("jdk-" + version, version);
            Files.delete(home.resolve("release"));
            script(
                    home.resolve("bin/java"),
                    "[ \"$1\" = -version ] && echo 'openjdk version \""
                            + version
                            + "\" 2025-09-16' >&2 || echo runs "
                            + version);
        }
        assertThat(run(launcher()).out()).first().isEqualTo("runs 25");
    }

    @Test
    void looksIntoBundlesOfMacOs() throws Exception {
        Path home = jdk("plain", "25");
        Files.createDirectories(jdks.resolve("temurin-25.jdk"));
        Files.move(
                home,
                Files.createDirectories(jdks.resolve("temurin-25.jdk/Contents")).resolve("Home"));
        assertThat(run(launcher()).out()).first().isEqualTo("plain");
    }

    @Test
    void saysInOneLineWhatToInstallWithoutAJdk() throws Exception {
        jdk("jdk-17", "17.0.15");
        Outcome outcome = run(launcher("serve"));
        assertThat(outcome.status()).isEqualTo(127);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err())
                .singleElement()
                .asString()
                .contains("openjdk-25-jdk")
                .contains("java-25-openjdk-devel");
    }

    @Test
    void saysInOneLineThatMavenIsMissing() throws Exception {
        jdk("jdk-25", "25");
        Files.delete(tools.resolve("mvn"));
        Outcome outcome = run(launcher("serve"));
        assertThat(outcome.status()).isEqualTo(127);
        assertThat(outcome.err()).last().asString().contains("Maven");
    }

    @Test
    void runsFromAnyFolderAndThroughLinks() throws Exception {
        jdk("jdk-25", "25");
        Path there = Files.createDirectories(temporary.toRealPath().resolve("bin"));
        Files.createSymbolicLink(there.resolve("one"), Path.of("..", "check out", "jnvmet"));
        Files.createSymbolicLink(there.resolve("two"), there.resolve("one"));
        ProcessBuilder launcher = launcher();
        launcher.command(there.resolve("two").toString()).directory(there.toFile());
        assertThat(run(launcher).out())
                .contains("<-jar>", "<" + checkout.resolve("app/target/jnvmet.jar") + ">");
    }

    @Test
    void hasOneListOfFlagsAndGivesArgumentsOnAsTheyAre() throws Exception {
        jdk("jdk-25", "25");
        ProcessBuilder launcher = launcher("serve", "--config", "my file", "", "*");
        launcher.environment().put("JNVMET_JAVA_OPTS", "-Dx=1 -Dy=2");
        Outcome outcome = run(launcher);
        assertThat(outcome.out())
                .contains("<--enable-native-access=ALL-UNNAMED>", "<-Dx=1>", "<-Dy=2>");
        assertThat(outcome.out()).endsWith("<serve>", "<--config>", "<my file>", "<>", "<*>");
    }

    @Test
    void buildsOnlyWhatIsOlderThanTheSources() throws Exception {
        jdk("jdk-25", "25");
        run(launcher());
        run(launcher());
        assertThat(builds()).hasSize(1);

        Path source = checkout.resolve("app/src/main/java/org/jnvmet/target/A.java");
        Files.setLastModifiedTime(source, FileTime.from(Instant.now().plusSeconds(5)));
        run(launcher());
        assertThat(builds()).hasSize(2);
    }

    @Test
    void buildsAgainWhenASourceIsGoneOrTheJarIs() throws Exception {
        jdk("jdk-25", "25");
        run(launcher());
        Path folder = checkout.resolve("app/src/main/java/org/jnvmet/target");
        Files.delete(folder.resolve("A.java"));
        Files.setLastModifiedTime(folder, FileTime.from(Instant.now().plusSeconds(5)));
        run(launcher());
        assertThat(builds()).hasSize(2);
        Files.setLastModifiedTime(folder, FileTime.from(Instant.now().minusSeconds(5)));
        run(launcher());
        Files.delete(checkout.resolve("app/target/jnvmet.jar"));
        int before = builds().size();
        run(launcher());
        assertThat(builds()).hasSize(before + 1);
    }

    @Test
    void buildsOnceForRunsAtTheSameTime() throws Exception {
        jdk("jdk-25", "25");
        List<Process> runs = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            runs.add(
                    launcher()
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .redirectError(ProcessBuilder.Redirect.DISCARD)
                            .start());
        }
        for (Process run : runs) {
            assertThat(run.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(run.exitValue()).isZero();
        }
        assertThat(builds()).hasSize(1);
    }

    @Test
    void endsWithOneWhenTheBuildFailsAndTriesAgainTheNextTime() throws Exception {
        jdk("jdk-25", "25");
        Path mvn = tools.resolve("mvn");
        Path good = Files.move(mvn, tools.resolve("mvn.good"));
        script(mvn, "echo '[ERROR] broken'; exit 7");
        Outcome outcome = run(launcher("serve"));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.out()).isEmpty();
        assertThat(outcome.err()).contains("[ERROR] broken", "jnvmet: the build failed");
        Files.delete(mvn);
        Files.move(good, mvn);
        assertThat(run(launcher("serve")).status()).isZero();
    }

    @Test
    void doesNotBuildWhenToldSo() throws Exception {
        jdk("jdk-25", "25");
        ProcessBuilder launcher = launcher("serve");
        launcher.environment().put("JNVMET_BUILD", "never");
        Outcome outcome = run(launcher);
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.err()).singleElement().asString().contains("is not built");
        assertThat(builds()).isEmpty();
    }
}
