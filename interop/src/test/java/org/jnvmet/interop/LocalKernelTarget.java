package org.jnvmet.interop;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/** The target of the kernel that this process itself runs on, in a guest that rdma_machine made ready. */
final class LocalKernelTarget implements TargetMachine {
    private static final Path TREE = Path.of("/sys/kernel/config/nvmet");
    private static final Duration LIMIT = Duration.ofMinutes(1);
    private static final int SERVICE = 4420;

    @Override
    public Result attempt(String variables, String script) {
        String prelude =
                """
                set -euo pipefail
                SERVER=kernel ADDRESS=10.9.0.1
                . /lab/tree-lib.sh
                . /lab/rdma-lib.sh
                """;
        return LocalShell.exec(LIMIT, TREE, List.of("bash", "-c", prelude + variables + script));
    }

    @Override
    public int service(int index) {
        return SERVICE + index;
    }

    @Override
    public void close() {}
}
