package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/** A processor that routes between its root ports: every memory reaches every device. */
class PeerMemoryThroughRootPortsIT extends PeerScenario {
    PeerMemoryThroughRootPortsIT() {
        super("switch", "EPYC");
    }

    @Test
    void agreesWithTheKernelThatEveryDiskIsReached() {
        assertThat(PeerVerdicts.ask(machine()))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "cmb0 cmb0", "BUS_ADDR ok",
                                "cmb0 d1", "BUS_ADDR ok",
                                "cmb0 vdb", "BUS_ADDR EREMOTEIO",
                                "cmb0 cmb1", "THRU_HOST_BRIDGE ok",
                                "cmb0 d2", "THRU_HOST_BRIDGE ok",
                                "cmb1 cmb1", "BUS_ADDR ok",
                                "cmb1 cmb0", "THRU_HOST_BRIDGE ok",
                                "cmb1 d1", "THRU_HOST_BRIDGE ok",
                                "cmb1 d2", "THRU_HOST_BRIDGE ok",
                                "cmb1 vdb", "THRU_HOST_BRIDGE EREMOTEIO"));
    }

    @Test
    void stagesForANamespaceButNotForAPort() {
        guest(
                """
                subsystem
                n=subsystems/$NQN/namespaces/1
                mkdir $n
                drive d2 >$n/device_path
                address cmb1 >$n/p2pmem
                echo 1 >$n/enable
                port 1 $PORT
                echo 1 >ports/1/allow_p2pmem # only memory below the same switch will do
                link 1
                connect_disk
                wait_until 20 eval '[[ $(status '$n' provider) != none ]]'
                verify "$(disk)" --bsrange=4k-128k --size=16m
                same_as_drive "$(disk)" "$(drive d2)"
                staged_in $n cmb1
                cat ports/1/p2pmem_status
                [[ $(status $n map_type) = THRU_HOST_BRIDGE ]]
                [[ $(status $n commands_staged) -gt 50 && $(status ports/1 provider) = none ]]
                """);
    }
}
