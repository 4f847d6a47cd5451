package org.jnvmet.interop;

import org.junit.jupiter.api.Test;

/** A connected Linux host sees each change of the configuration by itself. */
class LinuxHostChangesIT extends LinuxHostScenario {
    @Test
    void namespacesAppearAndVanishWithoutARescan() {
        tree("serve $(memory_disk 16)");
        host("connect_disk");
        tree("namespace 7 $(memory_disk 16)");
        host("wait_until 10 disk 7; verify $(disk 7) --bs=16k --size=4m");
        tree("rmdir subsystems/$NQN/namespaces/7");
        host("wait_until 10 no_disk 7; disk 1");
    }

    @Test
    void aDisabledNamespaceVanishesAndComesBackWithItsData() {
        tree(
                """
                serve $(memory_disk 16)
                truncate -s 16M $FILES/back.img
                namespace 2 $FILES/back.img
                """);
        host(
                """
                connect_disk
                wait_until 10 disk 2
                head -c 1M /dev/urandom >/tmp/noise
                dd if=/tmp/noise of=$(disk 2) bs=1M oflag=direct status=none
                """);
        tree("echo 0 >subsystems/$NQN/namespaces/2/enable");
        host("wait_until 10 no_disk 2");
        tree("echo 1 >subsystems/$NQN/namespaces/2/enable");
        host("wait_until 10 disk 2; cmp -n 1048576 /tmp/noise $(disk 2)");
    }

    @Test
    void aGrownFileGrowsTheDisk() {
        tree("truncate -s 16M $FILES/grown.img; serve $FILES/grown.img");
        host("connect_disk; disk_has $((16 << 20))");
        tree(
                """
                truncate -s 24M $FILES/grown.img
                echo 1 >subsystems/$NQN/namespaces/1/revalidate_size
                """);
        host(
                """
                wait_until 10 disk_has $((24 << 20))
                dd if=/dev/zero of=$(disk) bs=1M seek=20 count=4 oflag=direct status=none
                """);
    }

    @Test
    void anaStatesReachTheHostAndHoldItsIoBack() {
        tree("serve $(memory_disk 16)");
        host("connect_disk; wait_until 5 paths_are optimized");
        expectKernelMessages("no usable path - requeuing I/O");
        tree("echo non-optimized >ports/1/ana_groups/1/ana_state");
        host("wait_until 10 paths_are non-optimized");
        tree("echo inaccessible >ports/1/ana_groups/1/ana_state");
        host("wait_until 10 paths_are inaccessible");
        start("held", "dd if=$(disk) of=/dev/null bs=4k count=1 iflag=direct status=none");
        host("sleep 1; [[ ! -e /tmp/held.status ]]");
        tree("echo optimized >ports/1/ana_groups/1/ana_state");
        finish("held");
    }

    @Test
    void aNamespaceMovesToAnotherAnaGroup() {
        tree(
                """
                serve $(memory_disk 16)
                mkdir ports/1/ana_groups/3
                echo non-optimized >ports/1/ana_groups/3/ana_state
                """);
        host("connect_disk; wait_until 5 paths_are optimized");
        tree("echo 3 >subsystems/$NQN/namespaces/1/ana_grpid");
        host("wait_until 10 paths_are non-optimized; verify $(disk) --bs=16k --size=2m");
    }

    @Test
    void ioGoesOnOverTheOtherPortWhenOneBecomesInaccessible() {
        tree("serve $(memory_disk 64); port 2 $PORT2; link 2");
        host("connect_disk; PORT=$PORT2 connect; wait_until 5 paths_are optimized optimized");
        start("load", "verify $(disk) --bs=4k --size=16m");
        tree("echo inaccessible >ports/1/ana_groups/1/ana_state");
        host("wait_until 10 paths_are inaccessible optimized");
        tree("echo optimized >ports/1/ana_groups/1/ana_state");
        host("wait_until 10 paths_are optimized optimized");
        expectKernelMessages(CONNECTION_LOST);
        tree("unlink 2");
        finish("load");
    }

    @Test
    void aHostReconnectsWhenItsPortIsLinkedAgain() {
        tree("serve $(memory_disk 16)");
        host("connect_disk --reconnect-delay=1 --ctrl-loss-tmo=60");
        expectKernelMessages(CONNECTION_LOST);
        tree("unlink 1");
        host("wait_until 10 not_live");
        tree("link 1");
        host("wait_until 30 live; verify $(disk) --bs=16k --size=4m");
    }

    @Test
    void aRemovedSubsystemTakesItsControllersWithIt() {
        tree("serve $(memory_disk 16)");
        host("connect_disk --reconnect-delay=1 --ctrl-loss-tmo=3");
        expectKernelMessages(CONNECTION_LOST);
        tree("unlink 1; rmdir subsystems/$NQN/namespaces/1 subsystems/$NQN");
        host("wait_until 30 no_controller");
    }
}
