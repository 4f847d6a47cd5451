package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * Data staged in the memory of a PCI device, on a machine where peers reach each other below a switch only:
 * the memory cmb0, the disks d1 and vdb and the network interface lie below it; cmb1 and d2 do not.
 */
class PeerMemoryIT extends PeerScenario {
    PeerMemoryIT() {
        super("switch", "max");
    }

    @Test
    void showsTheTopologyOfThisMachine() {
        String roles =
                guest(
                        """
                        jnvmet p2p topology >/run/topology
                        cat /run/topology >&2
                        for s in cmb0 cmb1 d1 d2; do
                          echo "$s: $(grep -F "$(address $s)" /run/topology | grep -oE 'provider|client' | xargs)"
                        done
                        """);
        assertThat(roles)
                .contains("cmb0: provider client\n", "cmb1: provider client\n")
                .contains("d1: client\n")
                .endsWith("d2: client");
    }

    @Test
    void agreesWithTheKernelAboutEachMemoryAndDisk() {
        expectKernelMessages(REFUSED_BY_KERNEL);
        assertThat(PeerVerdicts.ask(machine()))
                .containsExactlyInAnyOrderEntriesOf(
                        Map.of(
                                "cmb0 cmb0", "BUS_ADDR ok",
                                "cmb0 d1", "BUS_ADDR ok",
                                "cmb0 vdb", "BUS_ADDR EREMOTEIO", // which no topology tells
                                "cmb0 cmb1", "NOT_SUPPORTED EINVAL",
                                "cmb0 d2", "NOT_SUPPORTED EINVAL",
                                "cmb1 cmb1", "BUS_ADDR ok",
                                "cmb1 cmb0", "NOT_SUPPORTED EINVAL",
                                "cmb1 d1", "NOT_SUPPORTED EINVAL",
                                "cmb1 d2", "NOT_SUPPORTED EINVAL",
                                "cmb1 vdb", "NOT_SUPPORTED EREMOTEIO"));
    }

    @Test
    void stagesThePortsDataInTheMemoryBelowItsSwitch() {
        guest(
                """
                subsystem
                namespace 1 "$(drive d1)"
                port 1 $PORT
                echo 1 >ports/1/allow_p2pmem
                link 1
                staged_in ports/1 cmb0
                connect_disk
                verify "$(disk)" --bsrange=4k-128k --size=16m
                same_as_drive "$(disk)" "$(drive d1)"
                mkfs.ext4 -q -F "$(disk)"
                mount "$(disk)" /mnt
                head -c 8M /dev/urandom >/tmp/witness
                cp /tmp/witness /mnt/witness
                umount /mnt
                mount -o ro "$(disk)" /mnt
                cmp /tmp/witness /mnt/witness
                umount /mnt
                staged_in ports/1 cmb0
                staged_in subsystems/$NQN/namespaces/1 cmb0
                """);
        assertStagedAll("ports/1");
        assertThat(guest("explain; [[ -z $(<last_error) ]]"))
                .contains("self-check passed", "allow_p2pmem=1");
        guest("leave; unlink 1; wait_until 20 all_is_back; [[ $(mapped cmb0) = 0 ]]");
    }

    @Test
    void stagesANamespacesDataForEachController() {
        guest(
                """
                subsystem
                n=subsystems/$NQN/namespaces/1
                mkdir $n
                drive d1 >$n/device_path
                address cmb0 >$n/p2pmem
                echo 1 >$n/enable
                port 1 $PORT
                link 1
                not_staged $n
                connect_disk
                wait_until 20 eval '[[ $(status '$n' provider) != none ]]'
                staged_in $n cmb0
                verify "$(disk)" --bsrange=4k-128k --size=16m
                same_as_drive "$(disk)" "$(drive d1)"
                """);
        assertStagedAll("subsystems/$NQN/namespaces/1");
        guest("leave; wait_until 20 all_is_back; [[ $(mapped cmb0) = 0 ]]");
    }

    @Test
    void refusesADiskThatThePortsMemoryDoesNotReach() {
        guest(
                """
                serve "$(drive d1)"
                echo 1 >ports/1/allow_p2pmem
                staged_in ports/1 cmb0
                n=subsystems/$NQN/namespaces/2
                mkdir $n
                drive d2 >$n/device_path
                refused 'Invalid argument' $n/enable 1
                [[ $(<$n/enable) = 0 ]]
                echo 0 >ports/1/allow_p2pmem
                echo 1 >$n/enable
                not_staged ports/1
                """);
    }

    @Test
    void fallsBackWhereNoMemoryReachesAllAsExplained() {
        guest(
                """
                subsystem
                namespace 1 "$(drive d1)"
                namespace 2 "$(drive d2)"
                port 1 $PORT
                echo 1 >ports/1/allow_p2pmem
                explain >/run/explained
                cat /run/explained
                link 1
                predicted=$(sed -n 's/^  verdict *//p' /run/explained)
                [[ $predicted = 'none of 2 providers is usable'* ]]
                [[ $(status ports/1 reason) = *"$predicted" ]]
                not_staged ports/1
                connect_disk
                wait_until 10 disk 2
                verify "$(disk 1)" --bs=64k --size=8m
                verify "$(disk 2)" --bs=64k --size=8m
                same_as_drive "$(disk 2)" "$(drive d2)"
                not_staged ports/1
                [[ $(status ports/1 fallback_unreachable) -ge 512 ]]
                """);
        guest(
                """
                leave
                unlink 1
                echo 1 >ports/1/p2pmem_strict
                link 1 2>/tmp/refusal && exit 1
                cat /tmp/refusal ports/1/subsystems/last_error ports/1/last_error
                grep -q 'Invalid argument' /tmp/refusal
                """);
    }

    @Test
    void refusesMemoryOfAnotherRootPortThatANamespaceInsistsOn() {
        guest(
                """
                subsystem
                n=subsystems/$NQN/namespaces/1
                mkdir $n
                drive d1 >$n/device_path
                address cmb1 >$n/p2pmem
                refused 'Invalid argument' $n/enable 1
                refused 'No such device' $n/p2pmem auto
                refused 'No such device' $n/p2pmem "$(address d1)"
                echo 1 >$n/p2pmem
                echo 1 >$n/enable
                """);
    }

    @Test
    void fallsBackForADriverThatTakesNoPeerMemory() {
        guest(
                """
                subsystem
                namespace 1 "$(drive d1)"
                namespace 2 /dev/vdb
                port 1 $PORT
                echo 1 >ports/1/allow_p2pmem
                link 1
                connect_disk
                wait_until 10 disk 2
                verify "$(disk 1)" --bs=64k --size=8m
                verify "$(disk 2)" --bs=64k --size=8m
                same_as_drive "$(disk 2)" /dev/vdb
                staged_in subsystems/$NQN/namespaces/1 cmb0
                cat subsystems/$NQN/namespaces/2/p2pmem_status
                [[ $(status subsystems/$NQN/namespaces/2 commands_staged) = 0 ]]
                [[ $(status subsystems/$NQN/namespaces/2 fallback_refused) -ge 256 ]]
                """);
        assertThat(guest("status subsystems/$NQN/namespaces/2 reason")).contains("EREMOTEIO");
        assertStagedAll("subsystems/$NQN/namespaces/1");
    }

    @Test
    void movesBetweenPeerAndSystemMemoryUnderLoad() {
        guest(
                """
                serve "$(drive d1)"
                connect_disk
                start_job load <<'SCRIPT'
                verify "$(disk)" --bsrange=4k-128k --size=16m --loops=3
                SCRIPT
                for i in 1 2 3 4 5; do
                  echo 1 >ports/1/allow_p2pmem
                  staged_in ports/1 cmb0 >/dev/null
                  echo 0 >ports/1/allow_p2pmem
                done
                finish_job load
                same_as_drive "$(disk)" "$(drive d1)"
                wait_until 20 all_is_back
                [[ $(mapped cmb0) = 0 ]]
                """);
    }

    @Test
    void leavesNoMemoryBehindWhenItIsKilled() {
        expectKernelMessages(LinuxHostScenario.CONNECTION_LOST);
        guest(
                """
                serve "$(drive d1)"
                echo 1 >ports/1/allow_p2pmem
                connect_disk
                verify "$(disk)" --bs=64k --size=4m
                staged_in ports/1 cmb0
                cd /
                stop_jnvmet KILL
                wait_until 20 all_is_back
                leave
                start_jnvmet
                cd "$tree"
                serve "$(drive d1)"
                echo 1 >ports/1/allow_p2pmem
                connect_disk
                verify "$(disk)" --bs=64k --size=4m
                staged_in ports/1 cmb0
                """);
    }

    /** Everything that could be staged was, without a single fall-back. */
    private void assertStagedAll(String directory) {
        assertThat(guest("cat %s/p2pmem_status".formatted(directory)).lines())
                .anyMatch(line -> line.matches("commands_staged [1-9]\\d+"))
                .contains("bytes_fallback 0")
                .filteredOn(line -> line.startsWith("fallback_"))
                .allMatch(line -> line.endsWith(" 0"));
    }
}
