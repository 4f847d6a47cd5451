package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

/** Peers that do not do their part are let go, each after its own limit. */
class TimeLimitTest {
    private static final int NEVER = 3_600_000;
    private static final int SOON = 40;

    /** Time to connect in, however busy the machine. */
    private static final int UNHURRIED = 1000;

    private static TcpFixture target(int connectMs, int dataMs, int sendMs, int terminationMs) {
        return new TcpFixture(
                TcpFixture.SETTINGS.withLimits(
                        new TcpSettings.TimeLimits(
                                connectMs, dataMs, sendMs, terminationMs, 8_000)));
    }

    private static void expectReason(TcpFixture target, String reason) {
        target.awaitNoConnections();
        assertThat(target.logged(Level.WARN)).anyMatch(line -> line.contains(reason));
    }

    @Test
    void closesAConnectionThatSaysNothing() {
        try (TcpFixture target = target(SOON, NEVER, NEVER, NEVER);
                RawHost host = target.dial()) {
            host.expectClose();
            expectReason(target, "no successful Connect within 40 ms");
        }
    }

    @Test
    void closesAConnectionThatNegotiatesAndDoesNotConnect() {
        try (TcpFixture target = target(SOON, NEVER, NEVER, NEVER);
                RawHost host = target.dial()) {
            host.negotiate();
            host.expectClose();
            expectReason(target, "no successful Connect");
        }
    }

    @Test
    void closesAConnectionWhoseConnectWasRefused() {
        try (TcpFixture target = target(SOON, NEVER, NEVER, NEVER);
                RawHost host = target.dial()) {
            host.negotiate();
            host.send(host.pdus.connect(1, 1, 77, 32, 0)); // no such controller
            assertThat(host.expect(Received.CAPSULE).status()).isNotZero();
            host.expectClose();
            expectReason(target, "no successful Connect");
        }
    }

    @Test
    void letsAQuietQueueBe() {
        try (TcpFixture target = target(UNHURRIED, SOON, SOON, SOON);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32);
                RawHost silent = target.dial()) {
            silent.expectClose(); // so much time has passed
            assertThat(io.read(1, 0, 1)).hasSize(Pdus.BLOCK);
        }
    }

    @Test
    void closesAQueueWhoseHostDoesNotSendWhatItWasAskedFor() {
        try (TcpFixture target = target(NEVER, SOON, NEVER, NEVER);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            io.send(io.pdus.write(1, 0, 1));
            io.expect(Received.R2T);
            io.expectClose();
            admin.expectStillOpen();
            assertThat(target.logged(Level.WARN))
                    .anyMatch(line -> line.contains("did not send the data of an R2T"));
        }
    }

    @Test
    void closesAQueueThatStopsWithinAPdu() {
        try (TcpFixture target = target(NEVER, SOON, NEVER, NEVER);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32)) {
            byte[] pdu = io.pdus.writeInline(1, 0, Pdus.pattern(1, Pdus.BLOCK));
            io.send(Arrays.copyOf(pdu, 1000));
            io.expectClose();
            assertThat(target.logged(Level.WARN))
                    .anyMatch(line -> line.contains("did not go on within a PDU"));
        }
    }

    @Test
    void closesAQueueWhoseHostDoesNotTakeItsAnswers() {
        try (TcpFixture target = target(NEVER, NEVER, SOON, NEVER);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 128)) {
            for (int cid = 0; cid < 64; cid++) {
                io.send(io.pdus.read(cid, 0, 256));
            }
            while (target.usage().connections() > 1) {
                Thread.onSpinWait();
            }
            assertThat(target.logged(Level.WARN))
                    .anyMatch(line -> line.contains("did not take what is sent"));
            assertThat(target.usage().buffers()).isZero();
        }
    }

    @Test
    void resetsAHostThatDoesNotCloseAfterATermination() {
        try (TcpFixture target = target(NEVER, NEVER, NEVER, SOON);
                RawHost host = target.dial()) {
            host.send(new byte[] {99, 0, 0, 0, 0, 0, 0, 0});
            host.expect(Received.TERM_REQ);
            host.expectClose(); // our half
            expectReason(target, "did not close within 40 ms of C2HTermReq");
        }
    }

    @Test
    void waitsForTheHostToCloseAfterATermination() {
        try (TcpFixture target = target(NEVER, NEVER, NEVER, NEVER);
                RawHost host = target.dial()) {
            host.send(new byte[] {99, 0, 0, 0, 0, 0, 0, 0});
            host.expect(Received.TERM_REQ);
            host.expectClose();
            assertThat(target.usage().connections()).isEqualTo(1);
            host.send(new byte[100_000]); // thrown away
            assertThat(target.usage().connections()).isEqualTo(1);
        }
    }
}
