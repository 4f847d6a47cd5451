package org.jnvmet.interop;

import org.junit.jupiter.api.Test;

/** A Linux host gets over everything that breaks on RDMA, with its data intact. */
class RdmaHostRecoveryIT extends RdmaScenario {
    @Test
    void aResetUnderLoadLosesNothing() {
        expectKernelMessages("resetting controller");
        expectKernelMessages(CONNECTION_LOST);
        guest(
                """
                serve $(file_disk 32)
                load
                for n in 1 2 3; do
                  nvme reset $(controller)
                  wait_until 20 live
                done
                finish_job load
                """);
    }

    @Test
    void aLinkCutUnderLoadIsMadeAgain() {
        expectKernelMessages(CONNECTION_LOST);
        guest(
                """
                serve $(file_disk 32)
                load
                unlink 1
                wait_until 20 not_live
                link 1
                wait_until 60 live
                finish_job load
                """);
    }

    @Test
    void aKilledTargetComesBackUnderLoadAndLosesNothing() {
        endAndRestart("KILL");
    }

    @Test
    void aTargetThatIsStoppedInOrderComesBackUnderLoad() {
        endAndRestart("TERM");
    }

    private void endAndRestart(String signal) {
        onlyJnvmet();
        expectKernelMessages(CONNECTION_LOST);
        guest(
                """
                serve $(file_disk 32)
                load
                cd /
                stop_jnvmet %s
                wait_until 30 not_live
                restart_jnvmet
                wait_until 60 live
                finish_job load
                """
                        .formatted(signal));
    }

    /** A Linux host gives up a controller whose own device goes; it is the target that comes back here. */
    @Test
    void aDeviceThatGoesAndComesBackIsListenedOnAgain() {
        onlyJnvmet();
        expectKernelMessages(CONNECTION_LOST);
        expectKernelMessages(DISK_LOST);
        guest(
                """
                serve $(file_disk 32)
                load
                for n in 1 2; do
                  no_rdma_device
                  wait_until 20 no_controller
                  rdma_device
                  wait_until 30 connect
                  wait_until 10 disk
                  verify $(disk) --bs=16k --size=4m
                done
                if finish_job load; then exit 1; fi
                """);
    }
}
