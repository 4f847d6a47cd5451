package org.jnvmet.interop;

/** The target of a stock Linux kernel, in a guest of its own. */
final class KernelTarget implements TargetMachine {
    private static final String PRELUDE =
            """
            ADDRESS=0.0.0.0
            FILES=/var/tmp
            memory_disk() { # one of four, in turn
              local n=$(($(cat /tmp/disk 2>/dev/null || echo 0) % 4))
              echo $((n + 1)) >/tmp/disk
              dd if=/dev/zero of=/dev/ram$n bs=1M count=1 status=none
              echo /dev/ram$n
            }
            . /lab/tree-lib.sh
            cd /sys/kernel/config/nvmet
            """;

    private final LinuxGuest guest;
    private final int[] services = Checkout.freePorts(2);

    KernelTarget(String name) {
        String first = services[0] + ":" + services[0];
        String second = services[1] + ":" + services[1];
        guest = LinuxGuest.boot(name + "-target", "-m", "2048", "-f", first, "-f", second);
        guest.run("modprobe -a nvmet nvmet-tcp");
        guest.run("modprobe brd rd_nr=4 rd_size=" + (320 << 10));
    }

    @Override
    public Result attempt(String variables, String script) {
        return guest.attempt(script, variables + PRELUDE);
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
