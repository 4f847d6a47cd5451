package org.jnvmet.interop;

import org.junit.jupiter.api.Test;

/** jnvmet on a machine without RDMA: its ports of RDMA are refused with a reason, all else serves. */
class RdmaAbsentIT extends GuestScenario {
    @Override
    JavaGuest boot(String name) {
        return JavaGuest.withRdma(name, "jnvmet");
    }

    @Override
    String variables() {
        expectKernelMessages(RdmaScenario.NO_SPEED);
        return "";
    }

    @Override
    String allIsBack() {
        return "true";
    }

    private static final String PORTS =
            """
            subsystem
            namespace 1 $(memory_disk 16)
            port 1 $PORT
            TRANSPORT=tcp port 2 $PORT2 127.0.0.1
            link 2
            tcp() { TRANSPORT=tcp TARGET=127.0.0.1 PORT=$PORT2 "$@"; }
            """;

    @Test
    void aPortIsRefusedUntilThereIsADeviceWhileTcpServes() {
        guest(
                PORTS
                        + """
                        link_refused 1 'rdma_ucm'
                        tcp connect_disk
                        verify $(disk) --bs=16k --size=4m
                        modprobe -a rdma_ucm ib_uverbs
                        link_refused 1 'RDMA device'
                        rdma_machine
                        link 1
                        nvme disconnect -n $NQN
                        connect_disk
                        verify $(disk) --bs=16k --size=4m
                        """);
    }

    @Test
    void aPortIsRefusedWithoutTheLibraryWhileTcpServes() {
        guest(
                """
                cd /
                stop_jnvmet
                mount --bind /dev/null /usr/lib/x86_64-linux-gnu/librdmacm.so.1
                start_jnvmet
                cd $tree
                """
                        + PORTS
                        + """
                        link_refused 1 'librdmacm'
                        umount /usr/lib/x86_64-linux-gnu/librdmacm.so.1 # fio needs it
                        tcp connect_disk
                        verify $(disk) --bs=16k --size=4m
                        """);
    }
}
