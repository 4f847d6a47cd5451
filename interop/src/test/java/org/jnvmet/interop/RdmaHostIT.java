package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a Linux host does with a target over RDMA, as long as nothing breaks. */
class RdmaHostIT extends RdmaScenario {
    @Test
    void discoversAndConnectsOverBothFamilies() {
        String logs =
                guest(
                        """
                        serve $(memory_disk 64)
                        port 6 $PORT $ADDRESS6
                        link 6
                        for a in $ADDRESS $ADDRESS6; do
                          TARGET=$a
                          discover
                          connect_disk
                          verify $(disk) --bs=16k --size=4m
                          nvme disconnect -n $NQN
                        done
                        """);
        assertThat(logs)
                .containsPattern("trtype: +rdma\\s+adrfam: +ipv4[^=]*subnqn: +" + nqn())
                .containsPattern("trtype: +rdma\\s+adrfam: +ipv6[^=]*subnqn: +" + nqn())
                .containsPattern("rdma_qptype: +connected")
                .containsPattern("rdma_cms: +rdma-cm");
    }

    @Test
    void keepsAFileSystemThatIsFilledAndVerified() {
        guest(
                """
                serve $(memory_disk 128)
                connect_disk -i 2
                mkfs.ext4 -q -F "$(disk)"
                mount "$(disk)" /mnt
                verify /mnt/data --bsrange=4k-128k --size=64m
                head -c 8M /dev/urandom >/tmp/witness
                cp /tmp/witness /mnt/witness
                umount /mnt
                nvme disconnect -n $NQN
                connect_disk
                e2fsck -fn "$(disk)"
                mount "$(disk)" /mnt
                cmp /tmp/witness /mnt/witness
                umount /mnt
                """);
    }

    /** What goes in the capsule and what is fetched, over one queue and two, short ones and long ones. */
    @ParameterizedTest
    @CsvSource({"0, 1, 16", "4096, 2, 128", "16384, 2, 32"})
    void takesDataInTheCapsuleAndOutOfIt(int inCapsule, int queues, int entries) {
        guest(
                """
                subsystem
                namespace 1 $(memory_disk 64)
                port 1 $PORT
                echo %1$d >ports/1/param_inline_data_size
                link 1
                connect_disk -i %2$d -Q %3$d
                [[ $(queue_count) = $((%2$d + 1)) ]]
                c=$(controller)
                [[ $(<"$controllers/${c#/dev/}/sqsize") = $((%3$d - 1)) ]]
                nvme id-ctrl $c | grep -E '^ioccsz *: *%4$d$'
                verify $(disk) --bsrange=4k-32k --size=8m
                verify $(disk) --bs=4k --size=4m --offset_increment=16m --numjobs=2 \\
                  --cpus_allowed=0-1 --cpus_allowed_policy=split
                """
                        .formatted(inCapsule, queues, entries, 4 + inCapsule / 16));
    }

    @Test
    void takesRequestsOfTheHostsFullSize() {
        guest(
                """
                serve $(file_disk 64)
                connect_disk
                d=$(disk)
                kib=$(<"/sys/block/${d##*/}/queue/max_hw_sectors_kb")
                echo "at most $kib KiB a command"
                ((kib >= 1020))
                verify $d --bs=4m --size=16m
                verify $d --bs=1m --size=16m
                [[ $(dd if=$d iflag=direct bs=1M status=none | md5sum) = $(md5sum <$FILES/disk.img) ]]
                """);
    }

    @Test
    void executesFlushTrimAndWriteZeroes() {
        guest(
                """
                serve $(memory_disk 16)
                connect_disk
                d=$(disk) bs=$(blockdev --getss $(disk))
                head -c 65536 /dev/urandom >/tmp/noise
                dd if=/tmp/noise of=$d bs=64k oflag=direct status=none
                nvme flush $d
                nvme dsm $d --ad --slbs=$((65536 / bs)) --blocks=8
                blkdiscard -o 1048576 -l 65536 $d
                nvme write-zeroes $d --start-block=0 --block-count=7
                dd if=$d of=/tmp/back bs=64k count=1 iflag=direct status=none
                cmp -n $((8 * bs)) /tmp/back /dev/zero
                cmp /tmp/back /tmp/noise $((8 * bs)) $((8 * bs))
                """);
    }

    @Test
    void namespacesAppearAndVanishWithoutARescan() {
        guest(
                """
                serve $(memory_disk 16)
                connect_disk
                namespace 7 $(memory_disk 16)
                wait_until 10 disk 7
                verify $(disk 7) --bs=16k --size=2m
                rmdir subsystems/$NQN/namespaces/7
                wait_until 10 no_disk 7
                disk 1
                """);
    }

    @Test
    void refusesAHostUntilItIsAllowed() {
        expectKernelMessages("Connect for subsystem", "failed to connect queue: 0 ret=");
        guest(
                """
                serve $(memory_disk 16)
                echo 0 >subsystems/$NQN/attr_allow_any_host
                if connect; then exit 1; fi
                busybox dmesg | grep 'is not allowed, hostnqn: '
                echo 1 >subsystems/$NQN/attr_allow_any_host
                connect_disk
                """);
    }

    @Test
    void aHostLeavesUnderLoad() {
        expectKernelMessages(DISK_LOST);
        guest(
                """
                serve $(memory_disk 64)
                load -i 2
                nvme disconnect -n $NQN
                if finish_job load; then exit 1; fi
                connect_disk
                verify $(disk) --bs=16k --size=4m
                """);
    }

    @Test
    void comesAndGoesAgainAndAgain() {
        guest(
                """
                serve $(memory_disk 16)
                connect_disk -i 2
                in_use | tee /run/first
                for n in {1..10}; do
                  nvme disconnect -n $NQN
                  connect_disk -i 2
                done
                wait_until 10 in_use_is "$(</run/first)" || { in_use; exit 1; }
                """);
    }
}
