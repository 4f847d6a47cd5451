package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.Struct;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.fabrics.ConnectCommand;
import org.jnvmet.wire.fabrics.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** How a host brings a controller up, what it refuses, and how it takes leave. */
class HostControllerTest {
    private final HandmadeController target = new HandmadeController();
    private final ManualTimer timer = new ManualTimer();
    private final Host host = new Host(List.of(target), 64, timer);
    private final ConnectOptions options =
            ConnectOptions.to(HandmadeController.NQN)
                    .transport("handmade")
                    .host("nqn.2014-08.org:host", new UUID(1, 2))
                    .keepAliveMs(0);

    @Test
    void takesTheStepsOfALinuxHost() {
        try (HostController controller = host.connect(options.ioQueues(2))) {
            assertThat(controller.id()).isEqualTo(7);
            assertThat(controller.ioQueues()).extracting(HostQueue::id).containsExactly(1, 2);
        }
        assertThat(target.transcript)
                .containsExactly(
                        "set up",
                        "create 0: 32 entries, 8192 in capsule",
                        "Connect 0: 32 entries, controller ffff, kato 0",
                        "get 0",
                        "set 14 = 460060",
                        "get 0",
                        "set 14 = 460061",
                        "get 1c",
                        "identify 1, namespace 0",
                        "set feature 7 = 10001",
                        "create 1: 64 entries, 8192 in capsule",
                        "create 2: 64 entries, 8192 in capsule",
                        "Connect 1: 64 entries, controller 7, kato 0",
                        "Connect 2: 64 entries, controller 7, kato 0",
                        "set feature b = 80000900",
                        "Asynchronous Event Request",
                        "drain 1",
                        "drain 2",
                        "destroy 1",
                        "destroy 2",
                        "set 14 = 464061",
                        "get 1c",
                        "drain 0",
                        "destroy 0",
                        "release");
    }

    @Test
    void selectsTheNvmCommandSetOfControllersThatKnowNoOther() {
        target.capabilities = Properties.CAP_MQES.put(31) | Properties.CAP_CSS_NVM.put(1);
        try (HostController controller = host.connect(options)) {
            assertThat(controller.ioQueues().getFirst().entries()).isEqualTo(32);
        }
        assertThat(target.transcript).contains("set 14 = 460000", "set 14 = 460001");
    }

    @Test
    void readsTheReadyTimeoutsOfControllersThatHaveThem() {
        target.capabilities |= Properties.CAP_CRWMS.put(1);
        host.connect(options).close();
        assertThat(target.transcript).containsSubsequence("get 0", "get 68", "set 14 = 460061");
    }

    @Test
    void opensNoMoreQueuesThanGranted() {
        target.grantedQueues = 3;
        try (HostController controller = host.connect(options.ioQueues(8))) {
            assertThat(controller.ioQueues()).hasSize(3);
        }
        assertThat(target.transcript).contains("set feature 7 = 70007");
    }

    @Test
    void sendsNoDataInCapsulesWhereDescriptorsKnowNoOffsets() {
        target.identity.set(IdentifyController.SGLS, 5);
        host.connect(options).close();
        assertThat(target.transcript)
                .filteredOn(line -> line.startsWith("create 1"))
                .singleElement()
                .asString()
                .endsWith(" 0 in capsule");
    }

    @Test
    void givesUpOnAControllerThatDoesNotBecomeReady() {
        target.becomesReady = false;
        target.capabilities = Properties.CAP_CSS_NVM.put(1);
        assertThatThrownBy(() -> host.connect(options))
                .isInstanceOf(HostException.class)
                .hasMessage("CSTS is 0h after 500 ms, not what CC 460001h asks for");
        assertThat(target.transcript).endsWith("drain 0", "destroy 0", "release");
    }

    @Test
    void refusesControllersThatDemandAuthentication() {
        target.connectResult = 7 | ConnectCommand.AUTHENTICATION_REQUIRED;
        assertThatThrownBy(() -> host.connect(options))
                .hasMessageContaining("demands authentication");
    }

    static Stream<Arguments> wrongIdentities() {
        return Stream.of(
                wrong(IdentifyController.CNTLID, 8, "CNTLID is 8: Connect gave 7"),
                wrong(IdentifyController.KAS, 0, "KAS is 0"),
                wrong(IdentifyController.IOCCSZ, 3, "IOCCSZ is 3"),
                wrong(IdentifyController.IOCCSZ, 0xffffffffL, "IOCCSZ is 4294967295"),
                wrong(IdentifyController.IORCSZ, 0, "IORCSZ is 0"),
                wrong(IdentifyController.ICDOFF, 4, "ICDOFF is 4"),
                wrong(IdentifyController.SGLS, 0x100000, "SGLS is 1048576"));
    }

    private static Arguments wrong(Struct.Field field, long value, String message) {
        Consumer<IdentifyController> change = identity -> identity.set(field, value);
        return Arguments.of(change, message);
    }

    @ParameterizedTest(name = "{1}")
    @MethodSource("wrongIdentities")
    void refusesControllersThatALinuxHostRefuses(
            Consumer<IdentifyController> change, String message) {
        change.accept(target.identity);
        assertThatThrownBy(() -> host.connect(options))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining(message);
        assertThat(target.transcript).endsWith("drain 0", "destroy 0", "release");
    }

    @Test
    void refusesAControllerOfAnotherSubsystem() {
        target.identity.set(IdentifyController.SUBNQN, "nqn.other");
        assertThatThrownBy(() -> host.connect(options))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("SUBNQN 'nqn.other'");
    }

    @Test
    void reportsEventsAndAsksForTheNext() {
        List<Integer> events = Collections.synchronizedList(new ArrayList<>());
        try (HostController controller = host.connect(options.onAsyncEvent(events::add))) {
            assertThat(controller.identity().get(IdentifyController.OAES)).isEqualTo(0x80000910L);
            target.eventRequests.removeFirst().complete(0, AsyncEvent.ANA_CHANGE);
            target.eventRequests.removeFirst().complete(0, AsyncEvent.DISCOVERY_CHANGE);
            assertThat(events).containsExactly(0x000c0302, 0x0070f002);
            assertThat(target.eventRequests).hasSize(1);
            target.eventRequests.removeFirst().complete(Status.ABORT_REQUESTED.field(), 0);
            assertThat(target.eventRequests).isEmpty();
            assertThat(events).hasSize(2);
        }
    }

    @Test
    void returnsFailingStatusesAndThrowsThemOnDemand() {
        try (HostController controller = host.connect(options)) {
            CommandResult result = controller.getFeature(0x81);
            assertThat(result.succeeded()).isFalse();
            assertThat(result.is(Status.INVALID_OPCODE)).isTrue();
            assertThat(result.doNotRetry()).isTrue();
            assertThatThrownBy(result::orThrow)
                    .isInstanceOf(StatusException.class)
                    .hasMessage(
                            "Get Features failed: invalid command opcode (status field 4001h,"
                                    + " result 0h)");
        }
    }

    @Test
    void identifiesNamespacesAndChecksTheirBlocks() {
        byte[] namespace = new byte[4096];
        namespace[1] = 4; // 1,024 blocks
        namespace[130] = 12;
        target.namespaces.put(3, namespace);
        target.namespaces.put(4, new byte[4096]);
        try (HostController controller = host.connect(options)) {
            HostNamespace found = controller.namespace(3);
            assertThat(found.blockBytes()).isEqualTo(4096);
            assertThat(found.blocks()).isEqualTo(1024);
            assertThat(found.flush().succeeded()).isTrue();
            assertThatThrownBy(() -> found.write(0, new byte[4095]))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> controller.namespace(4))
                    .hasMessageContaining("does it exist?");
            assertThatThrownBy(() -> controller.namespace(5)).isInstanceOf(StatusException.class);
        }
    }
}
