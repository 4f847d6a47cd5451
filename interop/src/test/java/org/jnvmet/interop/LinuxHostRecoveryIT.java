package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A Linux host gets over everything that breaks, with its data intact. */
class LinuxHostRecoveryIT extends LinuxHostScenario {
    private void serveFileUnderLoad(String... options) {
        tree("rm -f $FILES/disk.img; truncate -s 64M $FILES/disk.img; serve $FILES/disk.img");
        host("connect_disk --reconnect-delay=1 --ctrl-loss-tmo=120 " + String.join(" ", options));
        start("load", "verify $(disk) --bsrange=4k-64k --size=64m --rate=6m");
        host(
                """
                d=$(disk)
                written() { read -r _ _ _ _ _ _ n _ <"/sys/block/${d##*/}/stat"; ((n > 8192)); }
                wait_until 30 written
                """);
    }

    @Test
    void aResetControllerServesAgain() {
        tree("serve $(memory_disk 64)");
        expectKernelMessages("resetting controller");
        host(
                """
                connect_disk
                for n in 1 2 3; do
                  nvme reset $(controller)
                  wait_until 20 live
                done
                verify $(disk) --bs=16k --size=8m
                """);
    }

    @Test
    void aResetUnderLoadLosesNothing() {
        serveFileUnderLoad();
        expectKernelMessages("resetting controller");
        expectKernelMessages(CONNECTION_LOST);
        host("nvme reset $(controller); wait_until 20 live");
        finish("load");
    }

    @Test
    void aKilledTargetComesBackUnderLoadAndLosesNothing() {
        JnvmetProcess jnvmet = onlyJnvmet().process();
        serveFileUnderLoad();
        expectKernelMessages(CONNECTION_LOST);
        jnvmet.kill();
        host("wait_until 20 not_live");
        jnvmet.restart();
        host("wait_until 60 live");
        finish("load");
        assertThat(tree("cat subsystems/$NQN/namespaces/1/enable")).isEqualTo("1");
    }

    @Test
    void aTargetThatHangsIsGivenUpAndFoundAgain() {
        JnvmetProcess jnvmet = onlyJnvmet().process();
        serveFileUnderLoad("--keep-alive-tmo=2");
        expectKernelMessages(CONNECTION_LOST);
        expectKernelMessages("keep.?alive", "I/O tag .* QID \\d+ timeout");
        jnvmet.suspend();
        try {
            host("wait_until 30 not_live");
        } finally {
            jnvmet.resume();
        }
        host("wait_until 60 live");
        finish("load");
    }

    @Test
    void aTargetThatIsStoppedInOrderComesBackUnderLoad() {
        JnvmetProcess jnvmet = onlyJnvmet().process();
        serveFileUnderLoad();
        expectKernelMessages(CONNECTION_LOST);
        assertThat(jnvmet.stop()).as("status after SIGTERM").isIn(0, 143);
        host("wait_until 20 not_live");
        jnvmet.restart();
        host("wait_until 60 live");
        finish("load");
    }

    @Test
    void aLinkCutUnderLoadIsMadeAgain() {
        serveFileUnderLoad();
        expectKernelMessages(CONNECTION_LOST);
        tree("unlink 1");
        host("wait_until 20 not_live");
        tree("link 1");
        host("wait_until 60 live");
        finish("load");
    }
}
