package org.jnvmet.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code ./jnvmet test} makes of what Maven reports, with a Maven that only writes reports. */
final class RunTestsScriptTest {
    private static final String PASSED =
            "<testcase name=\"works\" classname=\"org.A\" time=\"0.1\"/>";
    private static final String SKIPPED =
            """
            <testcase name="boots" classname="org.B" time="0">
              <skipped message="no &quot;/dev/fuse&quot; &amp; no qemu" type="T"><![CDATA[x]]></skipped>
            </testcase>\
            """;

    @TempDir private Path checkout;

    @BeforeEach
    void makeCheckout() throws IOException {
        copy("run-tests.sh");
        script("scripts/install-test-tools.sh", "echo install >> '" + checkout + "/calls'");
        maven(PASSED, 0);
    }

    private void copy(String name) throws IOException {
        Files.createDirectories(checkout.resolve("scripts"));
        Files.copy(Path.of("..", "scripts", name), checkout.resolve("scripts").resolve(name));
    }

    private void script(String name, String text) throws IOException {
        Path path = checkout.resolve(name);
        Files.createDirectories(path.getParent());
        Files.writeString(path, "#!/bin/sh\n" + text + "\n");
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /** A Maven that leaves a report with these test cases, and its last line without an end. */
    private void maven(String testCases, int status) throws IOException {
        String report = "app/target/failsafe-reports/TEST-org.A.xml";
        script(
                "bin/mvn",
                """
                echo "mvn $*, JNVMET_BUILD=$JNVMET_BUILD" >> '%1$s/calls'
                echo 'Tests run: 1'
                printf reset
                mkdir -p '%1$s/app/target/failsafe-reports'
                cat > '%1$s/%2$s' <<'REPORT'
                <testsuite>
                %3$s
                </testsuite>
                REPORT
                exit %4$d\
                """
                        .formatted(checkout, report, testCases, status));
    }

    /** How a run ended and what it printed. */
    private record Outcome(int status, List<String> lines) {}

    private Outcome run(Map<String, String> environment, String... arguments) throws Exception {
        List<String> command =
                new ArrayList<>(List.of(checkout.resolve("scripts/run-tests.sh").toString()));
        command.addAll(List.of(arguments));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().remove("CI");
        builder.environment()
                .merge("PATH", checkout.resolve("bin").toString(), (path, bin) -> bin + ":" + path);
        builder.environment().putAll(environment);
        Process process = builder.start();
        List<String> lines = process.inputReader().readAllLines();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), lines);
    }

    private String calls() throws IOException {
        return Files.readString(checkout.resolve("calls"));
    }

    @Test
    void installsToolsAndRunsEverythingWithMavensOwnSummary() throws Exception {
        Outcome outcome = run(Map.of());
        assertThat(outcome)
                .isEqualTo(
                        new Outcome(
                                0,
                                List.of("Tests run: 1", "reset", "1 passed, 0 failed, 0 skipped")));
        assertThat(calls().lines().toList())
                .containsExactly("install", "mvn -B -ntp verify, JNVMET_BUILD=never");
    }

    @Test
    void leavesVirtualMachinesOut() throws Exception {
        assertThat(run(Map.of(), "--no-vm", "-o").status()).isZero();
        assertThat(calls())
                .doesNotContain("install")
                .contains("-DexcludedGroups=vm")
                .contains("-o ");
    }

    @Test
    void goesOnWithoutToolsThatCannotBeInstalled() throws Exception {
        script("scripts/install-test-tools.sh", "echo 'no qemu' >&2; exit 3");
        Outcome outcome = run(Map.of());
        assertThat(outcome.status()).isZero();
        assertThat(outcome.lines()).contains("no qemu", "Tests run: 1");
    }

    @Test
    void listsWhatWasSkippedAndWhy() throws Exception {
        maven(PASSED + "\n" + SKIPPED, 0);
        Outcome outcome = run(Map.of());
        assertThat(outcome.status()).isZero();
        assertThat(outcome.lines()).contains("SKIPPED org.B.boots: no \"/dev/fuse\" & no qemu");
    }

    @Test
    void failsInCiWhenATestWasSkipped() throws Exception {
        maven(PASSED + "\n" + SKIPPED, 0);
        Outcome outcome = run(Map.of("CI", "true"));
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.lines()).last().asString().contains("1 skipped");
    }

    @Test
    void failsAsMavenFails() throws Exception {
        maven(PASSED, 7);
        assertThat(run(Map.of()).status()).isEqualTo(7);
    }

    @Test
    void failsWhenNoTestHasRunAndForgetsEarlierReports() throws Exception {
        assertThat(run(Map.of()).status()).isZero();
        script("bin/mvn", "exit 0");
        Outcome outcome = run(Map.of());
        assertThat(outcome.status()).isEqualTo(1);
        assertThat(outcome.lines()).last().asString().contains("no test has run");
    }

    @Test
    void refusesArgumentsThatItDoesNotKnow() throws Exception {
        Outcome outcome = run(Map.of(), "everything");
        assertThat(outcome.status()).isEqualTo(2);
        assertThat(outcome.lines()).singleElement().asString().contains("everything");
    }
}
