package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What shells make of the completion script. */
final class CompletionTest {
    @TempDir private Path folder;
    private Path script = Path.of("");

    @BeforeEach
    void printScript() throws IOException {
        StringWriter out = new StringWriter();
        int status = Main.commandLine().setOut(new PrintWriter(out)).execute("completion");
        assertThat(status).isZero();
        script = Files.writeString(folder.resolve("completion"), out.toString());
    }

    private static List<String> shell(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        List<String> lines = process.inputReader().lines().toList();
        assertThat(process.waitFor()).as("%s", lines).isZero();
        return lines;
    }

    @Test
    void isAScriptOfBash() throws Exception {
        assertThat(shell("bash", "-n", script.toString())).isEmpty();
    }

    /** Has bash complete a line as it does when somebody presses the tabulator key, by what it has registered. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    jnvmet ''                       | serve demo config discover list identify-ctrl read write completion
                    jnvmet id                       | identify-ctrl identify-ns id-ctrl id-ns
                    jnvmet config ''                | restore save ls check
                    jnvmet p2p ''                   | topology explain
                    jnvmet p2p explain --           | --port --subsystem --output-format --sysfs --control
                    jnvmet serve --                 | --state --sysfs --dma-buf
                    jnvmet p2p topology --          | --sysfs --svg --output-format
                    jnvmet discover --t             | --transport --traddr --trsvcid --timeout
                    jnvmet read --                  | --nqn --hostnqn --start-block --block-count --bytes --data --force
                    jnvmet write -n x --p           | --pad
                    jnvmet identify-ns --output-format '' | normal json
                    jnvmet list --transport ''      | tcp tcp_offload
                    """)
    void offersCommandsOptionsAndValues(String line, String expected) throws Exception {
        String lookup =
                """
                source "$1"
                COMP_WORDS=(%s)
                COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
                COMP_LINE="${COMP_WORDS[*]}"
                COMP_POINT=${#COMP_LINE}
                $(complete -p jnvmet | sed 's/.*-F \\([^ ]*\\).*/\\1/') jnvmet
                printf '%%s\\n' "${COMPREPLY[@]}"
                """
                        .formatted(line);
        assertThat(shell("bash", "-c", lookup, "bash", script.toString()))
                .map(String::strip)
                .contains(expected.split(" "));
    }

    @Test
    void loadsIntoZsh() throws Exception {
        assumeTrue(
                List.of("/bin/zsh", "/usr/bin/zsh").stream()
                        .anyMatch(zsh -> Files.exists(Path.of(zsh))),
                "there is no zsh here");
        String lookup = "source \"$1\"; print -l ${(k)_comps} | grep -x jnvmet";
        assertThat(shell("zsh", "-f", "-c", lookup, "zsh", script.toString())).contains("jnvmet");
    }
}
