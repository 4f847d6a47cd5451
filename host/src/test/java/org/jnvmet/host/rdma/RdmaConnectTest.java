package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.jnvmet.verbs.software.Faults;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Connections that do not come to be: one sentence says why, and nothing is left. */
class RdmaConnectTest {
    private final RdmaFixture fixture = new RdmaFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private void fails(ConnectOptions options, QueueOptions queue, String... sentence) {
        assertThatThrownBy(() -> fixture.open(options, queue))
                .isInstanceOf(HostException.class)
                .hasMessageContainingAll(sentence);
        fixture.assertNothingLeft();
    }

    @ParameterizedTest
    @CsvSource({
        "1, invalid private data length; trying again will not help",
        "3, invalid queue identifier; trying again will not help",
        "6, no resources; it may have room later",
        "9, invalid controller identifier; trying again will not help",
        "77, status 77"
    })
    void saysWhyTheControllerRejects(int status, String why) {
        fixture.target.reject(new byte[] {0, 0, (byte) status, 0});
        fails(
                RdmaFixture.options(),
                RdmaFixture.admin(),
                "rdma 127.0.0.1:4420",
                "the controller rejected the connection",
                why);
    }

    @Test
    void saysThatItWasRejectedWithoutAWord() {
        fixture.target.reject(new byte[0]);
        fails(RdmaFixture.options(), RdmaFixture.admin(), "reject");
    }

    @Test
    void saysThatNobodyListens() {
        fails(
                RdmaFixture.options().service("4421"),
                RdmaFixture.admin(),
                "rdma 127.0.0.1:4421: connection refused: nobody listens there");
    }

    @Test
    void saysThatNoDeviceLeadsThere() {
        fails(
                RdmaFixture.options().address("192.0.2.1"),
                RdmaFixture.admin(),
                "rdma 192.0.2.1:4420",
                "no RDMA device leads there");
    }

    @Test
    void saysThatNoDeviceHasTheLocalAddress() {
        fails(
                RdmaFixture.options().hostAddress("192.0.2.9"),
                RdmaFixture.admin(),
                "(from 192.0.2.9)",
                "no RDMA device has the local address");
        assertThatThrownBy(() ->
                        fixture.open(
                                RdmaFixture.options().hostAddress("nonsense"), RdmaFixture.admin()))
                .isInstanceOf(HostException.class)
                .hasMessageContaining("host_traddr 'nonsense' is no IP address");
    }

    @Test
    void connectsFromAGivenAddress() {
        fixture.fabric.addDevice("soft1", RdmaFixture.address("127.0.0.2"));
        try (LooseQueue queue =
                fixture.open(RdmaFixture.options().hostAddress("127.0.0.2"), RdmaFixture.io(4))) {
            assertThat(queue.queue().alive()).isTrue();
        }
    }

    @Test
    void givesUpWhenNobodyAnswers() {
        fixture.target.answer(RawTarget.Answer.NONE);
        QueueOptions impatient = new QueueOptions(0, 32, 0, true, 100);
        assertThatThrownBy(() -> fixture.open(impatient))
                .isInstanceOf(HostException.class)
                .hasMessageContaining(
                        "no connection within 100 ms: still waiting for the controller");
    }

    @Test
    void saysThatTheDeviceIsTooSmall() {
        Device.Limits few = new Device.Limits(64, 1, 1, 100, 1L << 30, 1, 1, 0, false, true);
        fixture.fabric.addDevice("small", few, false, RdmaFixture.address("127.0.0.3"));
        fails(
                RdmaFixture.options().hostAddress("127.0.0.3"),
                RdmaFixture.io(128),
                "128 entries are too many for small: it takes 50");
    }

    @Test
    void saysWhatKeepsMemoryFromBeingRegistered() {
        fixture.fabric.faults().failCall(Faults.Step.REGISTER, 0, 12);
        fails(RdmaFixture.options(), RdmaFixture.admin(), "soft0 cannot register");
    }

    @ParameterizedTest
    @EnumSource(
            value = Faults.Step.class,
            names = {
                "CREATE_ID",
                "RESOLVE",
                "CONNECT",
                "ALLOCATE_DOMAIN",
                "REGISTER",
                "CREATE_CHANNEL",
                "CREATE_CQ",
                "CREATE_QP"
            })
    void leavesNothingWhicheverStepFails(Faults.Step step) {
        fixture.target.reject(new byte[4]); // so that no step is the target's
        Faults faults = fixture.fabric.faults();
        int before = faults.count(step);
        assertThatThrownBy(() -> fixture.open(RdmaFixture.io(8)));
        int steps = faults.count(step) - before;
        assertThat(steps).isPositive();
        for (int skip = 0; skip < steps; skip++) {
            faults.failCall(step, skip, 5);
            assertThatThrownBy(() -> fixture.open(RdmaFixture.io(8)))
                    .isInstanceOf(HostException.class)
                    .hasMessageStartingWith("rdma 127.0.0.1:4420: ");
            assertThat(faults.pending()).isZero();
            fixture.assertNothingLeft();
        }
    }

    /** The step is the target's or the host's: whoever it hits, the host leaves nothing. */
    @ParameterizedTest
    @EnumSource(
            value = Faults.Step.class,
            names = {"POST_RECEIVE"})
    void leavesNothingWhenReceivesCannotBePosted(Faults.Step step) {
        fixture.fabric.faults().failCall(step, 0, 12);
        fails(RdmaFixture.options(), RdmaFixture.io(8), "rdma 127.0.0.1:4420: ");
    }

    @Test
    void refusesOptionsOfOtherTransports() {
        assertThatThrownBy(
                        () -> fixture.transport.route(RdmaFixture.options().digests(true, false)))
                .isInstanceOf(HostException.class)
                .hasMessage("rdma does not take the option hdr_digest");
        assertThatThrownBy(
                        () -> fixture.transport.route(RdmaFixture.options().digests(false, true)))
                .hasMessage("rdma does not take the option data_digest");
        assertThatThrownBy(() -> fixture.transport.route(RdmaFixture.options().hostInterface("lo")))
                .hasMessage("rdma does not take the option host_iface");
    }

    @Test
    void looksForRdmaWhenItIsUsedAndSaysWhatIsMissing() {
        AtomicInteger asked = new AtomicInteger();
        try (RdmaTransport none =
                new RdmaTransport(() -> {
                    asked.incrementAndGet();
                    throw new VerbsUnavailableException("install librdmacm1");
                })) {
            var route = none.route(RdmaFixture.options());
            assertThat(asked).hasValue(0);
            assertThatThrownBy(route::setUpController)
                    .isInstanceOf(HostException.class)
                    .hasMessage("rdma: install librdmacm1");
            assertThatThrownBy(route::setUpController).isInstanceOf(HostException.class);
            assertThat(asked).hasValue(2);
        }
    }
}
