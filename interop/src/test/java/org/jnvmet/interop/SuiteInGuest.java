package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.DynamicTest;
import org.opentest4j.TestAbortedException;

/** Tests that ran in a guest by {@link SuiteRunner}, as tests of this machine. */
final class SuiteInGuest {
    private record Outcome(String how, String name, List<String> reason) {
        void tell() {
            String said = String.join("\n", reason);
            switch (how) {
                case "passed" -> {}
                case "skipped" -> throw new TestAbortedException(said);
                default -> throw new AssertionError("in the guest: " + said);
            }
        }
    }

    private SuiteInGuest() {}

    /**
     * Runs a class of tests in a guest; it has to have some, and to come to its end.
     *
     * @return one test for each that ran, which comes to the same result
     */
    static List<DynamicTest> run(JavaGuest guest, Class<?> suite) {
        Result result = guest.attemptLong(SuiteRunner.class, suite.getName());
        String output = result.expectSuccess(suite.getName());
        List<Outcome> outcomes = new ArrayList<>();
        int announced = -1;
        for (String line : output.lines().toList()) {
            if (line.startsWith(SuiteRunner.TEST)) {
                String[] words = line.substring(SuiteRunner.TEST.length()).split(" ", 2);
                outcomes.add(new Outcome(words[0], words[1], new ArrayList<>()));
            } else if (line.startsWith(SuiteRunner.REASON) && !outcomes.isEmpty()) {
                outcomes.getLast().reason.add(line.substring(SuiteRunner.REASON.length()));
            } else if (line.startsWith(SuiteRunner.END)) {
                announced = Integer.parseInt(line.substring(SuiteRunner.END.length()));
            }
        }
        assertThat(outcomes).as("tests of " + suite).isNotEmpty().hasSize(announced);
        return outcomes.stream()
                .map(outcome -> DynamicTest.dynamicTest(outcome.name, outcome::tell))
                .toList();
    }
}
