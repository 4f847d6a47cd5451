package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** The tree takes what nvmetcli does to it: the same system calls, with the same flags. */
@Tag("fuse")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class NvmetcliIT {
    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Path folder = Checkout.workFolder("nvmetcli");
    private final Path script = Checkout.install("nvmetcli-sequence.py", folder);
    private @Nullable JnvmetProcess jnvmet;

    @BeforeAll
    void start() {
        jnvmet = JnvmetProcess.start(Checkout.workFolder("jnvmet-nvmetcli"));
    }

    @AfterEach
    void clear() {
        nvmetcli("clear");
        assertThat(nvmetcli("ls")).isEmpty();
    }

    @AfterAll
    void stop() {
        if (jnvmet != null) {
            jnvmet.close();
        }
    }

    private Path tree() {
        return Objects.requireNonNull(jnvmet).tree();
    }

    /** Runs one command of the sequence on the mounted tree. */
    private String nvmetcli(String... arguments) {
        List<String> command = new ArrayList<>(List.of("python3", script.toString()));
        command.add(tree().toString());
        command.addAll(List.of(arguments));
        String text = String.join(" ", arguments);
        return LocalShell.exec(LIMIT, folder, command).expectSuccess(text);
    }

    /** The sample configuration with two ports that are free. */
    private Path sample() throws IOException {
        Path file = folder.resolve("sample.json");
        int[] ports = Checkout.freePorts(2);
        try (InputStream in = NvmetcliIT.class.getResourceAsStream("nvmetcli-sample.json")) {
            byte[] bytes = Objects.requireNonNull(in).readAllBytes();
            return Files.writeString(
                    file,
                    new String(bytes, StandardCharsets.UTF_8)
                            .replace("@PORT1@", Integer.toString(ports[0]))
                            .replace("@PORT2@", Integer.toString(ports[1])));
        }
    }

    @Test
    void savesWhatItRestoredByteForByte() throws IOException {
        nvmetcli("restore", sample().toString());
        nvmetcli("save", "first.json");
        nvmetcli("restore", "first.json");
        nvmetcli("save", "second.json");
        assertThat(folder.resolve("second.json"))
                .hasSameBinaryContentAs(folder.resolve("first.json"));
        assertThat(folder.resolve("first.json"))
                .content()
                .contains("\"model\": \"Two words")
                .contains("\"path\": \"mem:16M\"")
                .contains("\"state\": \"non-optimized\"")
                .contains("\"inline_data_size\": \"8192\"")
                .contains("\"name\": \"other\"");
    }

    @Test
    void listsWhatItRestored() throws IOException {
        nvmetcli("restore", sample().toString());
        assertThat(nvmetcli("ls"))
                .contains("subsystem nqn.2025-01.org.jnvmet.test:first")
                .contains("namespace 1 mem:16M 2c3f3a3e-8a0b-4a33-9d5e-2d1f0b9c8a77")
                .contains("namespace 20 /nonexistent/disk")
                .contains("ana group 2 non-optimized")
                .contains("port 10 tcp ::1")
                .contains("exports nqn.2025-01.org.jnvmet.test:second");
    }

    @Test
    void refusesWhatTheKernelRefuses() {
        nvmetcli("refusals");
    }

    @Test
    void exchangesFilesWithOurOwnCommand() throws IOException {
        nvmetcli("restore", sample().toString());
        nvmetcli("save", "theirs.json");
        Path jnvmetScript = Checkout.root().resolve("jnvmet");
        LocalShell.exec(
                        LIMIT,
                        folder,
                        List.of(jnvmetScript.toString(), "config", "check", "theirs.json"))
                .expectSuccess("config check");
        config("save", "ours.json");

        config("restore", "theirs.json");
        nvmetcli("save", "theirs-through-ours.json");
        nvmetcli("restore", "ours.json");
        nvmetcli("save", "ours-through-theirs.json");

        assertThat(folder.resolve("theirs-through-ours.json"))
                .hasSameBinaryContentAs(folder.resolve("theirs.json"));
        assertThat(folder.resolve("ours-through-theirs.json"))
                .hasSameBinaryContentAs(folder.resolve("theirs.json"));
    }

    private void config(String command, String file) {
        Objects.requireNonNull(jnvmet).config(command, folder.resolve(file).toString());
    }

    @Test
    void worksUnderThePathThatNvmetcliHasBuiltIn() throws IOException {
        Needs.mountNamespace();
        String inside =
                """
                set -euo pipefail
                if [[ -d /sys/kernel/config ]]; then
                  mount -t tmpfs none /sys/kernel/config
                else
                  mount -t tmpfs none /sys/kernel
                fi
                mkdir -p /sys/kernel/config/nvmet
                mount --bind "$1" /sys/kernel/config/nvmet
                cd "$2"
                for step in "restore $3" "save bound.json" "restore bound.json" "save again.json" ls; do
                  python3 nvmetcli-sequence.py /sys/kernel/config/nvmet $step
                done
                cmp bound.json again.json
                """;
        String[] command = {
            "unshare", "-m", "bash", "-c", inside, "bash", tree().toString(), folder.toString()
        };
        List<String> all = new ArrayList<>(List.of(command));
        all.add(sample().toString());
        assertThat(LocalShell.exec(LIMIT, folder, all).expectSuccess("unshare"))
                .contains("port 10 tcp ::1");
    }
}
