package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Our own host and our own verbs over a device of the kernel's. */
class RdmaOwnHostIT extends RdmaScenario {
    /** The kernel's host makes at most a queue for each processor, ours as many as it is told to. */
    @Test
    void aThousandQueuesComeAndGoAndNothingIsLeft() {
        guest("serve $(memory_disk 16)");
        String said =
                machine()
                        .attemptLong(RdmaConnects.class, "$TARGET $PORT " + nqn() + " 16")
                        .expectSuccess("RdmaConnects");
        assertThat(said).contains(16 * 65 + " queues");
    }

    @Test
    void jnvmetsCommandsWorkOverRdma() {
        onlyJnvmet();
        guest("serve $(memory_disk 64)");
        assertThat(guest("jnvmet discover -t rdma -a $TARGET -s $PORT"))
                .contains("rdma", "10.9.0.1", nqn());
        String report =
                guest(
                        """
                        working_jnvmet bench -t rdma -a $TARGET -s $PORT -n $NQN -i 2 --rw=randrw \
                          --bs=16k --iodepth=8 --time_based --runtime=5 --verify=crc32c \
                          --group_reporting --output-format=json
                        """);
        assertThat(report)
                .containsPattern("\"error\": 0,")
                .containsPattern("\"right\": [1-9]")
                .contains("\"wrong\": 0,");
    }

    @Test
    void everyVerbWorks() {
        expectKernelMessages(
                "rxe0: qp#\\d+ \\w+: non-flush error status = (9|10|13)"); // on purpose
        guest("cd /; stop_jnvmet TERM"); // a device of rxe goes when no program has it open
        String said =
                machine()
                        .attemptLong(VerbsInGuest.class, "$ADDRESS $ADDRESS6")
                        .expectSuccess("VerbsInGuest");
        assertThat(said).contains("all parts passed").doesNotContain("FAILED");
    }
}
