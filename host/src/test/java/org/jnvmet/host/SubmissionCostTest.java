package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Commands along paths that work cost no allocation. */
class SubmissionCostTest {
    private static final int COMMANDS = 50_000;

    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest
    @EnumSource(IoPolicy.class)
    void allocatesNothing(IoPolicy policy) {
        ScriptedSubsystem subsystem = new ScriptedSubsystem();
        for (String address : new String[] {"a", "b", "c"}) {
            ScriptedController controller = subsystem.controller(address);
            controller.io = _ -> 0;
            subsystem.connect(address);
        }
        subsystem.subsystem().ioPolicy(policy);
        HostNamespace disk = subsystem.disk();
        int[] completed = new int[1];
        HostRequest request = new HostRequest(IoCommands.flush(1), _ -> completed[0]++);
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < 10 && allocated > 0; round++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < COMMANDS; i++) {
                disk.submit(request, i);
            }
            allocated = (threads.getCurrentThreadAllocatedBytes() - before) / COMMANDS;
        }
        assertThat(allocated).isZero();
        assertThat(completed[0]).isGreaterThanOrEqualTo(COMMANDS);
        subsystem.host.close();
    }
}
