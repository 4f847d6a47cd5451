package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A Linux host finds what it may use, and only that. */
class LinuxHostDiscoveryIT extends LinuxHostScenario {
    private static final String HOST_NQN =
            "nqn.2014-08.org.nvmexpress:uuid:1ab00000-0000-4000-8000-000000000001";

    @Test
    void listsEverySubsystemAndReferral() {
        tree(
                """
                serve $(memory_disk 16)
                for n in 1 2 3; do (NQN=$NQN-$n; subsystem; link 1); done
                mkdir ports/1/referrals/elsewhere
                cd ports/1/referrals/elsewhere
                echo tcp >addr_trtype
                echo ipv4 >addr_adrfam
                echo 192.0.2.77 >addr_traddr
                echo 8009 >addr_trsvcid
                echo 42 >addr_portid
                echo 1 >enable
                """);
        String log = host("discover");
        for (String suffix : new String[] {"", "-1", "-2", "-3"}) {
            assertThat(log).containsPattern("subnqn: +" + nqn() + suffix + "\\s");
        }
        assertThat(log)
                .contains("current discovery subsystem")
                .contains("discovery subsystem referral")
                .contains("192.0.2.77")
                .containsPattern("portid: +42");
        tree("rmdir ports/1/referrals/elsewhere");
        assertThat(host("discover")).contains(nqn()).doesNotContain("192.0.2.77");
    }

    @Test
    void findsAThousandSubsystems() {
        onlyJnvmet();
        tree(
                "port 1 $PORT; for ((n = 1000; n < 2000; n++)); do (NQN=$NQN-$n; subsystem; link 1); done");
        assertThat(host("discover | grep -c \"subnqn: *$NQN-1...$\"")).isEqualTo("1000");
    }

    @Test
    void refusesAHostUntilItIsAllowed() {
        tree("serve $(memory_disk 16); echo 0 >subsystems/$NQN/attr_allow_any_host");
        assertThat(host("discover")).doesNotContain(nqn());
        expectKernelMessages("Connect for subsystem", "failed to connect queue: 0 ret=");
        attemptOnHost("connect").expectFailure("connect");
        assertThat(kernelMessages())
                .anyMatch(m -> m.text().contains("is not allowed, hostnqn: " + HOST_NQN));
        tree(
                """
                mkdir hosts/%1$s
                ln -s hosts/%1$s subsystems/$NQN/allowed_hosts/%1$s
                """
                        .formatted(HOST_NQN));
        assertThat(host("discover")).contains(nqn());
        host("connect_disk");
    }

    @Test
    void refusesASubsystemThatDoesNotExist() {
        tree("serve $(memory_disk 16)");
        expectKernelMessages("Connect Invalid Data Parameter", "failed to connect queue: 0 ret=");
        attemptOnHost("NQN=$NQN-nowhere connect").expectFailure("connect");
        assertThat(kernelMessages())
                .anyMatch(m -> m.text().contains("Connect Invalid Data Parameter, subsysnqn"));
    }

    @Test
    void tellsAPersistentDiscoveryControllerOfAChange() {
        tree("serve $(memory_disk 16)");
        host("discover -p >/dev/null");
        start("events", "timeout 20 busybox uevent sh -c env >/tmp/uevents || true");
        host("sleep 0.5");
        tree("NQN=$NQN-new; subsystem; link 1");
        host("wait_until 15 grep -q NVME_AEN=0x70f002 /tmp/uevents");
        assertThat(host("discover")).contains(nqn() + "-new");
    }

    @Test
    void connectsToAllThatTheLogNames() {
        tree(
                """
                subsystem
                namespace 1 $(memory_disk 16)
                port 1 $PORT
                link 1
                """);
        String address = host("discover | sed -n 's/^traddr: *//p' | sort -u");
        // The log names an address of the target's machine: in the guest it has to lead there too.
        host("ip addr add %s/32 dev lo || true".formatted(address));
        start("forward", "timeout 60 socat TCP-LISTEN:$PORT,fork TCP:10.0.2.2:$PORT || true");
        host(
                """
                sleep 0.5
                nvme connect-all -t tcp -a %s -s $PORT
                wait_until 10 disk
                dd if=$(disk) of=/dev/null bs=64k count=16 iflag=direct status=none
                nvme disconnect -n $NQN
                """
                        .formatted(address));
    }

    @Test
    void findsAndUsesASubsystemOverIpv6() {
        onlyJnvmet();
        tree(
                """
                subsystem
                namespace 1 $(memory_disk 16)
                mkdir ports/6
                cd ports/6
                echo tcp >addr_trtype
                echo ipv6 >addr_adrfam
                echo ::1 >addr_traddr
                echo $PORT >addr_trsvcid
                cd ../..
                link 6
                """);
        host(
                """
                echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
                ip -6 addr add fec0::15/64 dev eth0
                wait_until 10 nvme discover -t tcp -a fec0::2 -s $PORT
                nvme discover -t tcp -a fec0::2 -s $PORT | grep "$NQN"
                nvme connect -t tcp -a fec0::2 -s $PORT -n $NQN
                wait_until 10 disk
                verify $(disk) --bs=16k --size=4m
                """);
    }
}
