package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Single commands, as the nvme program sends them. */
class LinuxHostCommandsIT extends LinuxHostScenario {
    @Test
    void identifiesControllerNamespaceAndDescriptors() {
        tree(
                """
                subsystem
                echo SN-4711 >subsystems/$NQN/attr_serial
                echo "A model" >subsystems/$NQN/attr_model
                truncate -s 48M $FILES/identify.img
                n=subsystems/$NQN/namespaces/5
                mkdir $n
                echo $FILES/identify.img >$n/device_path
                echo 8a2e0d0c-7a55-4a5e-8f43-3a3f8b6f2d11 >$n/device_uuid
                echo 11223344-5566-7788-99aa-bbccddeeff00 >$n/device_nguid
                echo 1 >$n/enable
                port 1 $PORT
                link 1
                """);
        host("connect; wait_until 10 disk 5");
        assertThat(host("nvme id-ctrl $(controller)"))
                .containsPattern("sn +: SN-4711")
                .containsPattern("mn +: A model")
                .containsPattern("subnqn +: " + nqn())
                .containsPattern("cntrltype +: 1");
        assertThat(host("nvme id-ns $(disk 5)"))
                .containsPattern("nguid +: 112233445566778899aabbccddeeff00");
        assertThat(host("nvme ns-descs $(disk 5)"))
                .contains("8a2e0d0c-7a55-4a5e-8f43-3a3f8b6f2d11")
                .contains("112233445566778899aabbccddeeff00");
        assertThat(host("nvme list-ns $(controller)")).containsOnlyOnce(":0x").contains(":0x5");
        assertThat(host("blockdev --getsize64 $(disk 5)")).isEqualTo(Long.toString(48L << 20));
    }

    @Test
    void answersEachLogPage() {
        tree("serve $(memory_disk 16)");
        host(
                """
                connect_disk
                for log in smart-log error-log fw-log changed-ns-list-log effects-log; do
                  echo "-- $log"
                  nvme $log $(controller)
                done
                """);
        assertThat(host("nvme ana-log $(controller)"))
                .containsPattern("grpid\\s*:\\s*1")
                .contains("optimized");
    }

    @Test
    void startsALogPageWhereTheHostSays() {
        onlyJnvmet();
        tree("serve $(memory_disk 16)");
        assertThat(
                        host(
                                """
                                connect_disk
                                nvme get-log $(controller) --log-id=2 --log-len=512 -b >/tmp/whole
                                nvme get-log $(controller) --log-id=2 --log-len=16 --lpo=32 -b >/tmp/part
                                cmp <(dd if=/tmp/whole bs=16 skip=2 count=1 status=none) /tmp/part
                                wc -c </tmp/part
                                """))
                .endsWith("16");
    }

    @Test
    void namesTheLogPagesThatItHas() {
        onlyJnvmet();
        tree("serve $(memory_disk 16)");
        host("connect_disk");
        assertThat(host("nvme supported-log-pages $(controller)"))
                .contains("Error Information", "SMART", "Changed Namespace", "Asymmetric");
    }

    @Test
    void countsTheHostsReadsAndWritesInTheHealthLog() {
        onlyJnvmet();
        tree("serve $(memory_disk 16)");
        host("connect_disk; dd if=/dev/zero of=$(disk) bs=64k count=64 oflag=direct status=none");
        assertThat(host("nvme smart-log $(controller)"))
                .containsPattern("critical_warning\\s*: *0")
                .containsPattern("(host_write_commands|Host Write Commands)\\s*: *[1-9]");
    }

    @Test
    void executesFlushTrimAndWriteZeroes() {
        tree("serve $(memory_disk 16)");
        host(
                """
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
    void copiesBlocksWithinAndAcrossNamespaces() {
        onlyJnvmet();
        tree(
                """
                truncate -s 16M $FILES/copy1.img $FILES/copy2.img
                subsystem
                namespace 1 $FILES/copy1.img
                namespace 2 $FILES/copy2.img
                port 1 $PORT
                link 1
                """);
        host("connect; wait_until 10 disk 1; wait_until 10 disk 2");
        assertThat(host("nvme id-ctrl -H $(controller)"))
                .containsPattern("\\[8:8\\][^\\n]*Copy Supported")
                .containsPattern("ocfs +: 0xf");
        assertThat(host("nvme id-ns $(disk 1)"))
                .containsPattern("mssrl +: 65535")
                .containsPattern("msrc +: 255");
        host(
                """
                d=$(disk 1) bs=$(blockdev --getss $(disk 1))
                head -c $((64 * bs)) /dev/urandom >/tmp/noise
                dd if=/tmp/noise of=$d bs=$((64 * bs)) oflag=direct status=none
                blocks() { dd if=$1 bs=$bs skip=$2 count=$3 iflag=direct status=none; }
                for format in 0 1; do
                  to=$((1000 + 100 * format))
                  nvme copy $d --sdlba=$to --slbs=16,3 --blocks=7,0 --format=$format
                  cmp <(blocks $d $to 8) <(dd if=/tmp/noise bs=$bs skip=16 count=8 status=none)
                  cmp <(blocks $d $((to + 8)) 1) <(dd if=/tmp/noise bs=$bs skip=3 count=1 status=none)
                  cmp -n $bs <(blocks $d $((to + 9)) 1) /dev/zero
                done
                """);
        String across =
                "nvme copy $(disk 2) --sdlba=40 --slbs=0,60 --blocks=31,3 --snsids=1,1 --format=2";
        expectKernelMessages("sct 0x0 / sc 0x2");
        assertThat(attemptOnHost(across).expectFailure(across))
                .containsIgnoringCase("Invalid Field");
        host(
                """
                # Copy descriptor formats 2h and 3h, in bytes 4 and 5 of Host Behavior Support
                (head -c 4 /dev/zero; printf '\\014'; head -c 507 /dev/zero) >/tmp/behavior
                nvme set-feature $(controller) --feature-id=0x16 --data-len=512 --data=/tmp/behavior
                """
                        + across
                        + """

                        bs=$(blockdev --getss $(disk 2))
                        dd if=$(disk 2) of=/tmp/back bs=$bs skip=40 count=36 iflag=direct status=none
                        cmp -n $((32 * bs)) /tmp/back /tmp/noise
                        cmp /tmp/back /tmp/noise $((32 * bs)) $((60 * bs))
                        """);
        expectKernelMessages("sct 0x1 / sc 0x87");
        String overlapping = "nvme copy $(disk 1) --sdlba=10 --slbs=5 --blocks=9";
        assertThat(attemptOnHost(overlapping).expectFailure(overlapping))
                .containsIgnoringCase("overlap");
    }

    @Test
    void comparesOnlyWhatIsEqual() {
        onlyJnvmet();
        tree("serve $(memory_disk 16)");
        host(
                """
                connect_disk
                bs=$(blockdev --getss $(disk))
                head -c $((4 * bs)) /dev/urandom >/tmp/blocks
                dd if=/tmp/blocks of=$(disk) bs=$((4 * bs)) oflag=direct status=none
                nvme compare $(disk) -s 0 -c 3 -z $((4 * bs)) -d /tmp/blocks
                # several bytes: one alone is what chance had put there in one run of 256
                printf 'not the same data' |
                  dd of=/tmp/blocks bs=1 seek=$((3 * bs + 7)) conv=notrunc status=none
                """);
        expectKernelMessages("sct 0x2 / sc 0x85");
        String compare =
                "nvme compare $(disk) -s 0 -c 3 -z $(stat -c %s /tmp/blocks) -d /tmp/blocks";
        assertThat(attemptOnHost(compare).expectFailure(compare))
                .containsIgnoringCase("Compare Failure");
    }

    @Test
    void refusesBlocksBeyondTheEndAndGoesOn() {
        onlyJnvmet();
        tree("truncate -s 16M $FILES/end.img; serve $FILES/end.img");
        host("connect_disk");
        expectKernelMessages("sct 0x0 / sc 0x80");
        String beyond =
                """
                nvme read $(disk) --start-block=0x7fffffff --block-count=0 -d /tmp/x \\
                  -z $(blockdev --getss $(disk))
                """;
        assertThat(attemptOnHost(beyond).expectFailure(beyond))
                .containsIgnoringCase("LBA Out of Range");
        host("dd if=$(disk) of=/dev/null bs=64k count=4 iflag=direct status=none");
    }

    @Test
    void answersGetFeaturesAndRefusesUnknownCommands() {
        tree("serve $(memory_disk 16)");
        host("connect_disk");
        assertThat(host("nvme get-feature $(controller) -f 7 -H")).contains("Number of");
        expectKernelMessages("sct 0x0 / sc 0x1");
        String unknown = "nvme admin-passthru $(controller) --opcode=0xd0";
        assertThat(attemptOnHost(unknown).expectFailure(unknown))
                .containsIgnoringCase("Invalid Command Opcode");
        host("nvme id-ctrl $(controller) >/dev/null");
    }
}
