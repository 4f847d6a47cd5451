package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.rdma.RdmaFixture.Pending;
import org.jnvmet.verbs.software.Faults;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that break: what is outstanding ends with one sentence that says why. */
class RdmaErrorTest {
    private final RdmaFixture fixture = new RdmaFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    @Test
    void saysThatTheControllerClosedTheConnection() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(1));
            byte[] _ = target.capsule();
            target.disconnect();
            assertThat(flush.failure())
                    .isIn(
                            "I/O queue 1: the controller closed the connection",
                            "I/O queue 1: the connection was closed");
        }
    }

    /** Nothing is outstanding, and nobody looks at the queue: the connection manager tells. */
    @Test
    void noticesThatAnIdleConnectionWasClosed() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            fixture.target.next().disconnect();
            long end = System.nanoTime() + 20_000_000_000L;
            while (queue.queue().alive()) {
                assertThat(System.nanoTime()).isLessThan(end);
                Thread.onSpinWait();
            }
            assertThat(Pending.of(queue, IoCommands.flush(1)).failure())
                    .isEqualTo("I/O queue 1: the controller closed the connection");
        }
    }

    @Test
    void saysThatTheDeviceWasRemoved() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(1));
            byte[] _ = target.capsule();
            fixture.fabric.removeDevice("soft0");
            assertThat(flush.failure())
                    .isIn(
                            "I/O queue 1: the RDMA device was removed",
                            "I/O queue 1: the connection was closed");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 15, 17, 64})
    void refusesAResponseOfAnotherLength(int bytes) {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(1));
            byte[] _ = target.capsule();
            target.send(new byte[bytes]);
            assertThat(flush.failure())
                    .isEqualTo("I/O queue 1: a response of %d bytes, not 16".formatted(bytes));
        }
    }

    @Test
    void refusesAMessageThatIsLongerThanAnyResponse() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(1));
            byte[] _ = target.capsule();
            assertThat(target.trySend(new byte[65])).isNotZero();
            assertThat(flush.failure())
                    .isEqualTo("I/O queue 1: the controller sent more than a response");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 7, 8, 0x10, 0xffff})
    void refusesAResponseForACommandThatIsNot(int commandId) {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(1));
            byte[] _ = target.capsule();
            target.respond(commandId, 0, 0);
            assertThat(flush.failure())
                    .isEqualTo(
                            "I/O queue 1: a response for the unknown command %04xh"
                                    .formatted(commandId));
        }
    }

    @Test
    void refusesASecondResponse() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending first = Pending.of(queue, IoCommands.flush(1));
            Pending second = Pending.of(queue, IoCommands.flush(1));
            Capsule one = Capsule.of(target.capsule());
            byte[] _ = target.capsule();
            target.respond(one.commandId(), 0, 0);
            target.respond(one.commandId(), 0, 0);
            assertThat(first.await().succeeded()).isTrue();
            assertThat(second.failure()).contains("a response for the unknown command");
        }
    }

    /** The response is there before the device says that the capsule was sent; that comes never. */
    @Test
    void aCommandEndsOnlyWhenItsCapsuleWasSent() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            fixture.fabric.faults().loseCompletion(Faults.Step.SEND, 0);
            Pending lost = Pending.of(queue, IoCommands.flush(1));
            Capsule capsule = Capsule.of(target.capsule());
            target.respond(capsule.commandId(), 0, 0);
            Pending next = Pending.of(queue, IoCommands.flush(1));
            target.respond(Capsule.of(target.capsule()).commandId(), 0, 0);
            assertThat(next.await().succeeded()).isTrue();
            assertThat(lost.future).isNotDone();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "SEND, 12, I/O queue 1: the controller does not answer any more",
        "SEND, 13, I/O queue 1: the controller takes no more commands",
        "SEND, 9, I/O queue 1: a command was too long for the controller",
        "SEND, 10, I/O queue 1: work completion status 10 (REM_ACCESS_ERR)"
    })
    void saysWhatTheDeviceSays(Faults.Step step, int status, String sentence) {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection _ = fixture.target.next();
            fixture.fabric.faults().failCompletion(step, 0, status);
            assertThat(Pending.of(queue, IoCommands.flush(1)).failure()).isEqualTo(sentence);
        }
    }

    @ParameterizedTest
    @CsvSource({"POST_SEND", "REQUEST_NOTIFICATION"})
    void endsWhenTheDeviceTakesNoMore(Faults.Step step) {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection _ = fixture.target.next();
            fixture.fabric.faults().failCall(step, 0, 12);
            assertThat(Pending.of(queue, IoCommands.flush(1)).failure())
                    .startsWith("I/O queue 1: ");
        }
    }

    /** Whenever the connection breaks, each command ends once, and nothing is left. */
    @Test
    void endsEveryCommandOnceWheneverItBreaks() {
        for (int after = 0; after < 12; after++) {
            List<Pending> all = new CopyOnWriteArrayList<>();
            try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
                RawTarget.Connection target = fixture.target.next();
                fixture.fabric.faults().failCompletion(Faults.Step.SEND, after, 12);
                for (int i = 0; i < 12; i++) {
                    byte[] data = new byte[8192];
                    all.add(Pending.of(queue, RdmaFixture.read(MemorySegment.ofArray(data))));
                }
                int answered = 0;
                // Whoever's send it is that fails: the target's, or one of the host's.
                while (answered < 3 && all.stream().noneMatch(Pending::failed)) {
                    if (target.hasCapsule()) {
                        int status = target.tryRespond(Capsule.of(target.capsule()).commandId());
                        answered = status == 0 ? answered + 1 : 3;
                    }
                }
            }
            for (Pending each : all) {
                assertThat(each.await()).isNotNull();
                assertThat(each.ends).hasValue(1);
            }
            fixture.fabric.faults().clear();
        }
    }
}
