package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The judge of the guest's messages is judged itself. */
class KernelLogTest {
    private static final String LOG =
            """
            <6>[    3.141592] nvme nvme0: creating 2 I/O queues.
            <4>[    4.000000] nvme nvme0: starting error recovery
            <3>[   12.500000] nvme0n1: I/O Cmd(0x2) @ LBA 0, 8 blocks, I/O Error (sct 0x2 / sc 0x81)
            <12>[   13.000000] nvme: a program's own warning
            <4>[   14.000000] clocksource: a slow emulator
            """;

    @Test
    void warningsAndErrorsAboutDisksAreUnexpected() {
        assertThat(KernelLog.unexpected(KernelLog.parse(LOG), List.of()))
                .containsExactly(
                        "nvme nvme0: starting error recovery",
                        "nvme0n1: I/O Cmd(0x2) @ LBA 0, 8 blocks, I/O Error (sct 0x2 / sc 0x81)",
                        "nvme: a program's own warning");
    }

    @Test
    void aScenarioExpectsOnlyWhatItNames() {
        List<Pattern> expected =
                List.of(Pattern.compile("starting error recovery"), Pattern.compile("program"));
        assertThat(KernelLog.unexpected(KernelLog.parse(LOG), expected))
                .singleElement()
                .asString()
                .contains("I/O Error");
    }

    @Test
    void readsMessagesWithoutTimeStamps() {
        assertThat(KernelLog.parse("<3>nvme nvme1: failed"))
                .containsExactly(new KernelLog.Message(3, "nvme nvme1: failed"));
    }
}
