package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What a Linux host writes is what it reads, in every way that it can move data. */
class LinuxHostDataIT extends LinuxHostScenario {
    @Test
    void keepsAFileSystemThatIsFilledAndVerified() {
        tree("serve $(memory_disk 320)");
        host(
                """
                connect_disk
                mkfs.ext4 -q -F "$(disk)"
                mount "$(disk)" /mnt
                verify /mnt/data --bsrange=4k-128k --size=256m
                head -c 16M /dev/urandom >/tmp/witness
                cp /tmp/witness /mnt/witness
                umount /mnt
                nvme disconnect -n $NQN
                """);
        host(
                """
                connect_disk
                e2fsck -fn "$(disk)"
                mount "$(disk)" /mnt
                cmp /tmp/witness /mnt/witness
                umount /mnt
                """);
    }

    @Test
    void protectsHeadersAndDataWithDigests() {
        tree("serve $(memory_disk 64)");
        host("connect_disk -g -G; verify $(disk) --bsrange=4k-128k --size=32m");
    }

    @Test
    void spreadsCommandsOverTwoQueues() {
        tree("serve $(memory_disk 64)");
        host(
                """
                connect_disk -i 2
                c=$(controller)
                [[ $(<$controllers/${c#/dev/}/queue_count) = 3 ]] # with the admin queue
                verify $(disk) --bs=4k --size=12m --offset_increment=16m --numjobs=2 \\
                  --cpus_allowed=0-1 --cpus_allowed_policy=split
                """);
    }

    @Test
    void writesThroughToAFileWithoutThePageCache() {
        tree("truncate -s 64M $FILES/direct.img; serve $FILES/direct.img");
        host("connect_disk; verify $(disk) --bsrange=4k-128k --size=64m; nvme flush $(disk)");
        String seen = host("dd if=$(disk) iflag=direct bs=1M status=none | md5sum");
        String kept = tree("md5sum <$FILES/direct.img");
        assertThat(kept).isEqualTo(seen);
    }

    @Test
    void servesAFileThroughThePageCache() {
        tree(
                """
                truncate -s 64M $FILES/buffered.img
                subsystem
                n=subsystems/$NQN/namespaces/1
                mkdir $n
                echo $FILES/buffered.img >$n/device_path
                echo 1 >$n/buffered_io
                echo 1 >$n/enable
                port 1 $PORT
                link 1
                """);
        host("connect_disk; verify $(disk) --bsrange=4k-64k --size=32m; nvme flush $(disk)");
        String seen = host("dd if=$(disk) iflag=direct bs=1M status=none | md5sum");
        String kept = tree("md5sum <$FILES/buffered.img");
        assertThat(kept).isEqualTo(seen);
    }

    @Test
    void takesRequestsOfTheHostsFullSize() {
        tree("serve $(memory_disk 64)");
        host(
                """
                connect_disk
                d=$(disk)
                echo "at most $(<"/sys/block/${d##*/}/queue/max_hw_sectors_kb") KiB a command"
                verify $d --bs=4m --size=32m
                verify $d --bs=1m --size=32m
                """);
    }
}
