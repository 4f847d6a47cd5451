package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A platform that cannot be trusted: with its IOMMU, a transfer between peers below the switch ends with
 * success and wrong data.
 */
class PeerMemoryBehindIommuIT extends PeerScenario {
    PeerMemoryBehindIommuIT() {
        super("iommu", "max");
    }

    @Test
    void isLiedToByTheKernelAboutOnePair() {
        expectKernelMessages(REFUSED_BY_KERNEL);
        assertThat(PeerVerdicts.ask(machine()))
                .containsAllEntriesOf(
                        Map.of(
                                "cmb0 cmb0", "BUS_ADDR ok",
                                "cmb0 d1", "BUS_ADDR differs",
                                "cmb0 d2", "NOT_SUPPORTED EINVAL",
                                "cmb1 cmb1", "BUS_ADDR ok",
                                "cmb1 d1", "NOT_SUPPORTED EINVAL"));
    }

    @Test
    void servesRightDataBecauseTheSelfCheckSeesWrong() {
        guest(
                """
                dd if=/dev/urandom of="$(drive d1)" bs=1M count=16 oflag=direct status=none
                before=$(first_of "$(drive d1)")
                serve "$(drive d1)"
                echo 1 >ports/1/allow_p2pmem
                connect_disk
                [[ $(first_of "$(disk)") = "$before" ]]
                verify "$(disk)" --bsrange=4k-128k --size=16m
                same_as_drive "$(disk)" "$(drive d1)"
                cat ports/1/p2pmem_status
                [[ $(status ports/1 commands_staged) = 0 ]]
                [[ $(status ports/1 fallback_differs) -ge 128 ]]
                """);
        assertThat(guest("status subsystems/$NQN/namespaces/1 reason")).contains("differs");
        assertThat(guest("explain")).contains("differs", "system memory");
    }

    @Test
    void stagesInTheDisksOwnMemory() {
        guest(
                """
                serve "$(drive cmb0)"
                echo 1 >ports/1/allow_p2pmem
                connect_disk
                verify "$(disk)" --bsrange=4k-128k --size=8m
                same_as_drive "$(disk)" "$(drive cmb0)"
                staged_in ports/1 cmb0
                [[ $(status ports/1 bytes_fallback) = 0 && $(status ports/1 commands_staged) -gt 50 ]]
                """);
    }
}
