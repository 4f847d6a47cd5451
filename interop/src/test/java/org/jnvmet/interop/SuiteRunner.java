package org.jnvmet.interop;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the tests of a class in a guest, for {@link SuiteInGuest} to read. A line for each test:
 * {@code #test passed NAME}, {@code failed} or {@code skipped} in place of {@code passed}, with the lines
 * of the reason after it, each after {@code #|}; at the end {@code #end COUNT}. The status is 0 whatever
 * the tests came to.
 */
final class SuiteRunner implements TestExecutionListener {
    static final String TEST = "#test ", REASON = "#| ", END = "#end ";

    private final PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    private int count;
    private long started;

    private SuiteRunner() {}

    public static void main(String[] classes) {
        SuiteRunner runner = new SuiteRunner();
        LauncherDiscoveryRequest request =
                LauncherDiscoveryRequestBuilder.request()
                        .selectors(DiscoverySelectors.selectClass(classes[0]))
                        .build();
        LauncherFactory.create().execute(request, runner);
        runner.out.println(END + runner.count);
        System.exit(0); // whatever threads a failed test may have left
    }

    @Override
    public void executionStarted(TestIdentifier test) {
        started = System.nanoTime();
    }

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
        boolean passed = result.getStatus() == TestExecutionResult.Status.SUCCESSFUL;
        if (test.isTest() || !passed) { // a class fails when what comes before all tests does
            boolean skipped = result.getStatus() == TestExecutionResult.Status.ABORTED;
            tell(passed ? "passed" : skipped ? "skipped" : "failed", test, result.getThrowable());
        }
    }

    @Override
    public void executionSkipped(TestIdentifier test, String reason) {
        tell("skipped", test, Optional.of(new IllegalStateException(reason)));
    }

    /** Tests run one after the other; how long each took is for who reads the log. */
    private void tell(String how, TestIdentifier test, Optional<Throwable> reason) {
        count++;
        String template = // of a parameterized test, which is called by its parameters only
                test.getUniqueIdObject().getSegments().stream()
                        .filter(segment -> segment.getType().equals("test-template"))
                        .map(segment -> segment.getValue().replaceAll(".*#|\\(.*", "") + " ")
                        .findFirst()
                        .orElse("");
        long millis = (System.nanoTime() - started) / 1_000_000;
        out.println(TEST + how + " " + template + test.getDisplayName());
        out.println("took " + millis + " ms");
        reason.ifPresent(thrown -> {
            StringWriter trace = new StringWriter();
            thrown.printStackTrace(new PrintWriter(trace));
            trace.toString().lines().forEach(line -> out.println(REASON + line));
        });
    }
}
