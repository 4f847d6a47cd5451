package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.LogPage;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Offsets are written as the standard has them. */
class DiscoveryLogTest {
    private static final int ENTRY = 1024;

    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue discovery = fixture.discovery();

    @AfterEach
    void close() {
        fixture.close();
    }

    private TestQueue.Completion read(int entries) {
        return LogPageTest.read(discovery, LogPage.DISCOVERY, (1 + entries) * ENTRY, 0);
    }

    private static List<String> names(TestQueue.Completion log) {
        List<String> names = new ArrayList<>();
        for (int i = 1; i <= log.u64(8) && (i + 1) * ENTRY <= log.data().length; i++) {
            names.add(log.text(i * ENTRY + 256, 256).trim());
        }
        return names;
    }

    @Test
    void beginsWithItselfAndListsSubsystemsAsTheyWereLinked() {
        for (String nqn : new String[] {"nqn.z", "nqn.a"}) {
            Subsystem subsystem = fixture.target.createSubsystem(nqn);
            subsystem.allowAnyHost(true);
            fixture.port.link(subsystem);
        }

        TestQueue.Completion log = read(4);

        assertThat(log.u64(0)).as("GENCTR").isEqualTo(fixture.target.generation());
        assertThat(log.u64(8)).as("NUMREC").isEqualTo(4);
        assertThat(log.u16(16)).as("RECFMT").isZero();
        assertThat(names(log))
                .containsExactly(Target.DISCOVERY_NQN, CoreFixture.SUBSYSTEM, "nqn.z", "nqn.a");
        assertThat(log.u8(ENTRY)).as("TRTYPE").isEqualTo(3);
        assertThat(log.u8(ENTRY + 1)).as("ADRFAM").isEqualTo(1);
        assertThat(log.u8(ENTRY + 2)).as("SUBTYPE").isEqualTo(3);
        assertThat(log.u8(2 * ENTRY + 2)).as("SUBTYPE").isEqualTo(2);
        assertThat(log.u8(ENTRY + 3)).as("TREQ").isEqualTo(4);
        assertThat(log.u16(ENTRY + 4)).as("PORTID").isEqualTo(1);
        assertThat(log.u16(ENTRY + 6)).as("CNTLID").isEqualTo(0xffff);
        assertThat(log.u16(ENTRY + 8)).as("ASQSZ").isEqualTo(32);
        assertThat(log.u16(ENTRY + 10)).as("EFLAGS").isEqualTo(2);
        assertThat(log.text(ENTRY + 32, 32).trim()).isEqualTo("4420");
        assertThat(log.text(ENTRY + 512, 256).trim()).isEqualTo("192.0.2.1");
        assertThat(log.u8(ENTRY + 768)).as("SECTYPE").isZero();
    }

    @Test
    void carriesTheUniqueNameOfTheDiscoverySubsystem() {
        fixture.target.discoveryNqn("nqn.2025-01.org.jnvmet:discovery");
        TestQueue unique = fixture.connectAdmin("nqn.2025-01.org.jnvmet:discovery", 0);
        CoreFixture.configure(unique, CoreFixture.CC_ENABLE);

        assertThat(names(read(1))).containsExactly("nqn.2025-01.org.jnvmet:discovery");
        assertThat(CoreFixture.identify(unique, 1, 0).text(768, 32))
                .isEqualTo("nqn.2025-01.org.jnvmet:discovery");
    }

    @Test
    void showsAHostOnlyWhatItMayUse() {
        Host host = fixture.target.createHost(TestQueue.HOST);
        fixture.subsystem.allowAnyHost(false);
        assertThat(names(read(2))).containsExactly(Target.DISCOVERY_NQN);

        fixture.subsystem.allowHost(host);

        assertThat(names(read(2))).containsExactly(Target.DISCOVERY_NQN, CoreFixture.SUBSYSTEM);
    }

    @Test
    void addsEnabledReferralsThatAFabricReaches() {
        Referral tcp = fixture.port.createReferral("a");
        tcp.changeAddress(address ->
                address.withTrtype("tcp")
                        .withAdrfam("ipv6")
                        .withTraddr("2001:db8::1")
                        .withTrsvcid("8009")
                        .withTreq("not required"));
        tcp.portId(77);
        Referral pci = fixture.port.createReferral("b");
        pci.changeAddress(address -> address.withTrtype("pci"));
        pci.enabled(true);
        assertThat(read(1).u64(8)).isEqualTo(2);
        tcp.enabled(true);

        TestQueue.Completion log = read(3);

        int at = 3 * ENTRY;
        assertThat(log.u64(8)).isEqualTo(3);
        assertThat(log.u8(at)).isEqualTo(3);
        assertThat(log.u8(at + 1)).isEqualTo(2);
        assertThat(log.u8(at + 2)).as("SUBTYPE").isEqualTo(1);
        assertThat(log.u8(at + 3)).as("TREQ").isEqualTo(2);
        assertThat(log.u16(at + 4)).isEqualTo(77);
        assertThat(log.text(at + 256, 256).trim()).isEqualTo(Target.DISCOVERY_NQN);
        assertThat(log.text(at + 512, 256).trim()).isEqualTo("2001:db8::1");
    }

    @Test
    void replacesAWildcardByTheAddressOfTheConnection() {
        fixture.port.unlink(fixture.subsystem);
        fixture.settle();
        fixture.port.changeAddress(
                address -> address.withAdrfam("ipv6").withTraddr("::").withTrsvcid("0"));
        fixture.port.link(fixture.subsystem);
        TestQueue four = fixture.connectAdmin(Target.DISCOVERY_NQN, 0);
        CoreFixture.configure(four, CoreFixture.CC_ENABLE);
        TestQueue six = fixture.open();
        six.localAddress = "2001:db8::7";
        six.write(
                TestQueue.connect(0, 32, 0),
                TestQueue.connectData(
                        0xffff, Target.DISCOVERY_NQN, TestQueue.HOST, TestQueue.HOST_ID));
        CoreFixture.configure(six, CoreFixture.CC_ENABLE);

        TestQueue.Completion seenByFour = LogPageTest.read(four, LogPage.DISCOVERY, 3072, 0);
        TestQueue.Completion seenBySix = LogPageTest.read(six, LogPage.DISCOVERY, 3072, 0);

        assertThat(seenByFour.text(2 * ENTRY + 512, 256).trim()).isEqualTo("192.0.2.1");
        assertThat(seenByFour.u8(2 * ENTRY + 1)).isEqualTo(1);
        assertThat(seenByFour.text(2 * ENTRY + 32, 32).trim()).isEqualTo("4420");
        assertThat(seenBySix.text(2 * ENTRY + 512, 256).trim()).isEqualTo("2001:db8::7");
        assertThat(seenBySix.u8(2 * ENTRY + 1)).isEqualTo(2);
    }

    @Test
    void readsAThousandSubsystemsInPiecesOfOneMoment() {
        for (int i = 1; i < 1000; i++) {
            Subsystem subsystem = fixture.target.createSubsystem("nqn.many:" + i);
            subsystem.allowAnyHost(true);
            fixture.port.link(subsystem);
        }
        ByteArrayOutputStream pieces = new ByteArrayOutputStream();
        int total = (1 + 1001) * ENTRY;
        for (int offset = 0; offset < total; offset += 4096) {
            int bytes = Math.min(4096, total - offset);
            pieces.writeBytes(LogPageTest.read(discovery, LogPage.DISCOVERY, bytes, offset).data());
            if (offset == 8192) {
                fixture.port.unlink(fixture.subsystem); // all others move up
                fixture.settle();
            }
        }
        TestQueue.Completion log = new TestQueue.Completion(0, 0, 0, 0, pieces.toByteArray());

        assertThat(log.u64(8)).isEqualTo(1001);
        assertThat(names(log)).hasSize(1001).doesNotHaveDuplicates().endsWith("nqn.many:999");
        assertThat(read(0).u64(0)).as("generation").isNotEqualTo(log.u64(0));
        assertThat(read(0).u64(8)).isEqualTo(1000);
    }

    @Test
    void reportsChangesThatConcernTheHost() {
        FeatureTest.set(discovery, Feature.ASYNC_EVENT_CONFIGURATION, 1 << 31);
        int event =
                discovery.send(TestQueue.admin(AdminOpcode.ASYNC_EVENT_REQUEST), 0, new byte[0]);
        Subsystem subsystem = fixture.target.createSubsystem("nqn.new");
        subsystem.allowAnyHost(true);
        fixture.settle();
        assertThat(discovery.completion(event)).isNull();

        fixture.port.link(subsystem);
        fixture.settle();

        assertThat(discovery.ended(event).result()).isEqualTo(0x0070_f002);
    }

    @Test
    void hasNoCommandsOfIoControllers() {
        assertThat(CoreFixture.identify(discovery, 2, 0).is(Status.INVALID_FIELD)).isTrue();
        assertThat(LogPageTest.read(discovery, LogPage.SMART, 512, 0).is(Status.INVALID_LOG_PAGE))
                .isTrue();
        assertThat(
                        LogPageTest.read(fixture.admin(), LogPage.DISCOVERY, 1024, 0)
                                .is(Status.INVALID_LOG_PAGE))
                .isTrue();
        assertThat(discovery.run(TestQueue.admin(AdminOpcode.KEEP_ALIVE)).is(Status.SUCCESS))
                .isTrue();
    }
}
