package org.jnvmet.interop;

import java.util.List;
import java.util.regex.Pattern;

/** The target of a stock Linux kernel, in a guest of its own. */
final class KernelTarget implements TargetMachine {
    private static final String PRELUDE =
            """
            ADDRESS=0.0.0.0
            FILES=/var/tmp
            memory_disk() { kernel_memory_disk; }
            . /lab/tree-lib.sh
            cd /sys/kernel/config/nvmet
            """;

    /** What it says of commands that it is meant to refuse. */
    static final List<Pattern> EXPECTED =
            List.of(
                    Pattern.compile("connect request for invalid subsystem"),
                    Pattern.compile("connect by host .* not allowed"),
                    Pattern.compile("unhandled identify cns"),
                    Pattern.compile("failed cmd \\w+ id \\d+ opcode (0|126), data_len: 0"),
                    Pattern.compile("unhandled cmd|unsupported cmd"));

    private final LinuxGuest guest;
    private final int[] services = Checkout.freePorts(2);

    KernelTarget(String name) {
        String first = services[0] + ":" + services[0];
        String second = services[1] + ":" + services[1];
        guest = LinuxGuest.boot(name + "-target", "-m", "2048", "-f", first, "-f", second);
        guest.run("modprobe -a nvmet nvmet-tcp");
    }

    @Override
    public Result attempt(String variables, String script) {
        return guest.attempt(script, variables + PRELUDE);
    }

    /** What the kernel said that a host which does everything right does not make it say. */
    List<String> complaints() {
        return KernelLog.unexpected(guest.takeKernelLog(), EXPECTED);
    }

    @Override
    public int service(int index) {
        return services[index];
    }

    @Override
    public void close() {
        guest.close();
    }
}
