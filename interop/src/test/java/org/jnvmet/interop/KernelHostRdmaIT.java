package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;

/**
 * The suite of the host over RDMA against the target of a stock Linux kernel. Both are in one guest, where
 * the RDMA device is: {@link KernelHostRdmaSuite} runs there.
 */
@Tag("vm")
class KernelHostRdmaIT {
    @TestFactory
    List<DynamicTest> suiteOfTheHost() {
        try (JavaGuest guest = JavaGuest.withRdma(getClass().getSimpleName(), "kernel")) {
            guest.run("rdma_machine; start_jnvmet");
            guest.run("in_use_is qp 0 cq 0 mr 0 pd 0 cm_id 0");
            guest.takeKernelLog();
            List<DynamicTest> tests =
                    new ArrayList<>(SuiteInGuest.run(guest, KernelHostRdmaSuite.class));
            List<Pattern> expected = new ArrayList<>(KernelTarget.EXPECTED);
            expected.add(Pattern.compile(RdmaScenario.NO_SPEED));
            List<String> complaints = KernelLog.unexpected(guest.takeKernelLog(), expected);
            tests.add(
                    DynamicTest.dynamicTest(
                            "the kernel does not complain",
                            () -> assertThat(complaints).isEmpty()));
            Result back = guest.attempt("wait_until 20 nothing_in_use || { in_use; false; }");
            tests.add(
                    DynamicTest.dynamicTest(
                            "nothing of the device is in use afterwards",
                            () -> back.expectSuccess("nothing_in_use")));
            return tests;
        }
    }
}
