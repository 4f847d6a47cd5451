package org.jnvmet.interop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** jnvmet on this machine: a process of its own, with its tree mounted. */
final class JnvmetTarget implements TargetMachine {
    private static final Duration SCRIPT_LIMIT = Duration.ofMinutes(1);

    private final Path lib;
    private final Path files;
    private final int[] services = Checkout.freePorts(2);
    private final JnvmetProcess process;

    JnvmetTarget(String name) {
        Path folder = Checkout.workFolder("jnvmet-" + name);
        lib = Checkout.install("tree-lib.sh", folder);
        files = Checkout.workFolder("jnvmet-" + name + "-files");
        process = JnvmetProcess.start(folder);
    }

    /** The process, for scenarios that treat it badly. */
    JnvmetProcess process() {
        return process;
    }

    @Override
    public Result attempt(String variables, String script) {
        String prelude =
                """
                set -euo pipefail
                ADDRESS=127.0.0.1
                FILES='%s'
                memory_disk() { echo "mem:$1M"; }
                . '%s'
                """
                        .formatted(files, lib);
        System.out.println("[jnvmet] $ " + script.strip().replace("\n", "\n    "));
        Result result =
                LocalShell.exec(
                        SCRIPT_LIMIT,
                        process.tree(),
                        List.of("bash", "-c", variables + prelude + script));
        result.output().lines().forEach(line -> System.out.println("[jnvmet] " + line));
        return result;
    }

    @Override
    public int service(int index) {
        return services[index];
    }

    @Override
    public void close() {
        process.close();
    }
}
