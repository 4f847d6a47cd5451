package org.jnvmet.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jnvmet.configfs.tree.Change;
import org.jnvmet.target.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the state file promises, tried by cutting, damaging and killing. */
final class StateJournalTest {
    @TempDir private Path folder;

    private static List<Change> someChanges() {
        return List.of(
                new Change.Mkdir("subsystems/a"),
                new Change.Write("subsystems/a/attr_model", "Größe \"1\"\\"),
                new Change.Mkdir("hosts/h"),
                new Change.Symlink("subsystems/a/allowed_hosts/h", "hosts/h"),
                new Change.Mkdir("ports/1"),
                new Change.Write("ports/1/addr_trtype", "tcp"),
                new Change.Unlink("subsystems/a/allowed_hosts/h"),
                new Change.Rmdir("hosts/h"),
                new Change.Write("ports/1/addr_trtype", "loop"));
    }

    private static TreeImage image(List<Change> changes) {
        TreeImage image = new TreeImage();
        changes.forEach(image::follow);
        return image;
    }

    private static TreeImage recorded(Path file) throws IOException {
        try (StateJournal journal = StateJournal.open(file)) {
            return journal.recorded();
        }
    }

    @Test
    void bringsBackWhatWasRecorded() throws IOException {
        Path file = folder.resolve("state");
        record(file, someChanges());
        assertThat(recorded(file)).isEqualTo(image(someChanges()));
    }

    @Test
    void losesNoWholeLineWhereverTheFileIsCutOff() throws IOException {
        Path whole = folder.resolve("whole");
        List<Long> ends = new ArrayList<>(List.of(0L));
        try (StateJournal journal = StateJournal.open(whole)) {
            for (Change change : someChanges()) {
                journal.changed(change).await();
                ends.add(Files.size(whole));
            }
        }
        byte[] bytes = Files.readAllBytes(whole);
        for (int length = 0; length <= bytes.length; length++) {
            Path cut = folder.resolve("cut-" + length);
            Files.write(cut, Arrays.copyOf(bytes, length));
            long reached = length;
            int changes = (int) ends.stream().filter(end -> end <= reached).count() - 1;
            List<Change> expected = new ArrayList<>(someChanges().subList(0, changes));
            assertThat(recorded(cut)).as("cut off at %d", length).isEqualTo(image(expected));

            Change next = new Change.Mkdir("ports/2");
            record(cut, List.of(next));
            expected.add(next);
            assertThat(recorded(cut))
                    .as("cut off at %d, then used", length)
                    .isEqualTo(image(expected));
        }
    }

    @Test
    void skipsEachDamagedLineAndKeepsTheFileAsItWas() throws IOException {
        Path file = folder.resolve("state");
        record(file, someChanges());
        byte[] good = Files.readAllBytes(file);
        List<String> lines = Files.readAllLines(file);
        int third =
                lines.stream()
                        .limit(2)
                        .mapToInt(line -> line.getBytes(StandardCharsets.UTF_8).length + 1)
                        .sum();
        byte[] bad = good.clone();
        bad[third + 12] ^= 1;
        Files.write(file, bad);

        List<Change> expected = new ArrayList<>(someChanges());
        expected.remove(2);
        assertThat(recorded(file)).isEqualTo(image(expected));
        assertThat(folder.resolve("state.damaged-1")).hasBinaryContent(bad);

        record(file, List.of(new Change.Mkdir("ports/9")));
        expected.add(new Change.Mkdir("ports/9"));
        assertThat(recorded(file)).isEqualTo(image(expected));
        assertThat(folder.resolve("state.damaged-2")).doesNotExist();
    }

    @Test
    void tellsTheNumberOfADamagedLine() throws IOException {
        Path file = folder.resolve("state");
        record(file, someChanges());
        List<String> lines = new ArrayList<>(Files.readAllLines(file));
        lines.set(4, "nonsense");
        Files.write(file, lines);
        try (StateFile state = StateFile.open(file)) {
            assertThat(state.read().problems())
                    .singleElement()
                    .asString()
                    .contains("line 5 ")
                    .contains("damaged-1");
        }
    }

    @Test
    void readsAnyDamageWithoutFailing() throws IOException {
        long seed = Long.getLong("seed", 20_260_101);
        Random random = new Random(seed);
        Path good = folder.resolve("good");
        record(good, someChanges());
        byte[] bytes = Files.readAllBytes(good);
        for (int round = 0; round < 300; round++) {
            byte[] damaged = bytes.clone();
            for (int i = random.nextInt(1, 6); i > 0; i--) {
                damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            }
            Path file = folder.resolve("damaged");
            Files.write(file, damaged);
            try (StateFile state = StateFile.open(file)) {
                StateFile.Contents contents = state.read();
                if (!Arrays.equals(damaged, bytes)) {
                    assertThat(contents.problems())
                            .as("round %d, seed %d", round, seed)
                            .isNotEmpty();
                }
                assertThat(someChanges())
                        .as("round %d, seed %d", round, seed)
                        .containsAll(contents.changes());
            }
            deleteAll("damaged.damaged-");
        }
    }

    private void deleteAll(String prefix) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                if (file.getFileName().toString().startsWith(prefix)) {
                    Files.delete(file);
                }
            }
        }
    }

    @Test
    void losesNothingThatReturnedWhenTheProcessIsKilled() throws Exception {
        long seed = Long.getLong("seed", 20_260_102);
        Random random = new Random(seed);
        Path file = folder.resolve("state");
        for (int round = 0; round < 4; round++) {
            int returned = killWhileRecording(file, round, 20 + random.nextInt(200));
            TreeImage image = recorded(file);
            for (int i = 0; i < returned; i++) {
                assertThat(image.settings("round" + round))
                        .as("round %d, seed %d", round, seed)
                        .containsEntry("change" + i, "value" + i);
            }
            for (int earlier = 0; earlier < round; earlier++) {
                assertThat(image.settings("round" + earlier)).isNotEmpty();
            }
        }
    }

    /** Number of changes that had returned when the child was killed, at least {@code enough}. */
    private static int killWhileRecording(Path file, int round, int enough) throws Exception {
        Process child =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                Recorder.class.getName(),
                                file.toString(),
                                String.valueOf(round))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        int returned = 0;
        try (BufferedReader acknowledged = child.inputReader()) {
            while (returned < enough) {
                assertThat(acknowledged.readLine()).isEqualTo("returned " + returned);
                returned++;
            }
            child.toHandle()
                    .destroyForcibly(); // unlike the process, its handle leaves the pipe readable
            while (acknowledged.readLine() != null) {
                returned++;
            }
        } finally {
            child.destroyForcibly();
        }
        assertThat(child.waitFor(30, TimeUnit.SECONDS)).isTrue();
        return returned;
    }

    /** The child: records changes and says so, until it is killed. */
    static final class Recorder {
        private Recorder() {}

        public static void main(String[] arguments) throws IOException {
            try (StateJournal journal = StateJournal.open(Path.of(arguments[0]))) {
                for (int i = 0; ; i++) {
                    String path = "round" + arguments[1] + "/change" + i;
                    journal.changed(new Change.Write(path, "value" + i)).await();
                    System.out.println("returned " + i);
                }
            }
        }
    }

    @Test
    void letsOnlyOneUseTheFile() throws IOException {
        Path file = folder.resolve("state");
        StateJournal first = StateJournal.open(file);
        try (first) {
            assertThatThrownBy(() -> StateJournal.open(file))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another jnvmet");
        }
        StateJournal.open(file).close();
    }

    @Test
    void rewritesTheFileBeforeItGrowsWithoutBound() throws IOException {
        Path file = folder.resolve("state");
        String large = "x".repeat(4000);
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < 600; i++) {
            changes.add(new Change.Write("subsystems/s/attr_model", large + i));
        }
        record(file, changes);
        assertThat(Files.size(file)).isLessThan(1_200_000);
        assertThat(recorded(file)).isEqualTo(image(changes));
        assertThat(folder.resolve("state.new")).doesNotExist();
    }

    @Test
    void saysThatAChangeIsNotSafeWhenTheFileCannotBeWritten() throws IOException {
        StateJournal journal = StateJournal.open(folder.resolve("state"));
        journal.close();
        assertThatThrownBy(() -> journal.changed(new Change.Mkdir("ports/1")).await())
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("would be lost at a restart");
    }

    @Test
    void tellsANewFileFromAStateFromWhichAllWasRemoved() throws IOException {
        Path file = folder.resolve("state");
        try (StateJournal journal = StateJournal.open(file)) {
            assertThat(journal.isNew()).isTrue();
        }
        record(file, List.of(new Change.Mkdir("ports/1"), new Change.Rmdir("ports/1")));
        try (StateJournal journal = StateJournal.open(file)) {
            assertThat(journal.isNew()).isFalse();
        }
    }

    private static void record(Path file, List<Change> changes) throws IOException {
        try (StateJournal journal = StateJournal.open(file)) {
            changes.forEach(change -> journal.changed(change).await());
        }
    }
}
