package org.jnvmet.app;

import org.jnvmet.transport.rdma.RdmaSettings;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What RDMA hosts may take of the machine. */
final class RdmaOptions {
    private static final int MAX_POOL_MIB = 2047;
    private static final int MAX_SHARED_RECEIVES = 32_768;

    @Spec(Spec.Target.MIXEE)
    private @Nullable CommandSpec spec;

    @Option(
            names = "--rdma-pool",
            paramLabel = "MIB",
            description = {
                "Memory of each event loop for data of RDMA hosts, in MiB; each device that they come by pins all of"
                        + " it. Default: 64."
            })
    private int poolMib = (int) (RdmaSettings.DEFAULTS.memory().poolBytes() >> 20);

    @Option(
            names = "--rdma-srq",
            paramLabel = "ENTRIES",
            description = {
                "Receives that the RDMA queues of a loop and device share. Default: 0, each queue has its own."
            })
    private int sharedReceives = RdmaSettings.DEFAULTS.queues().sharedReceives();

    /** As not given. */
    RdmaOptions() {}

    /**
     * For so many event loops.
     *
     * @throws ParameterException when a value is out of range
     */
    RdmaSettings settings(int loops) {
        within("--rdma-pool", poolMib, 1, MAX_POOL_MIB);
        within("--rdma-srq", sharedReceives, 0, MAX_SHARED_RECEIVES);
        RdmaSettings defaults = RdmaSettings.DEFAULTS;
        RdmaSettings.Queues queues = defaults.queues();
        return defaults.withLoops(loops)
                .withMemory(
                        new RdmaSettings.Memory(
                                (long) poolMib << 20, defaults.memory().reserveBytes()))
                .withQueues(
                        new RdmaSettings.Queues(
                                queues.maxQueues(),
                                sharedReceives,
                                queues.completions(),
                                queues.backlog()));
    }

    private void within(String option, int value, int least, int most) {
        if (value < least || value > most) {
            String why = "%s: %d is not within %d .. %d".formatted(option, value, least, most);
            if (spec == null) {
                throw new IllegalArgumentException(why);
            }
            throw new ParameterException(spec.commandLine(), why);
        }
    }
}
