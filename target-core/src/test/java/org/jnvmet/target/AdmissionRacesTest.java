package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Hosts connect without pause while the configuration ends what they connect to. */
@Timeout(60)
class AdmissionRacesTest {
    private static final int ROUNDS = 400;

    private final TargetFixture fixture = new TargetFixture();
    private final Target target = fixture.target;
    private final Port port = fixture.port(1);
    private final AtomicBoolean stop = new AtomicBoolean();
    private final Queue<String> faults = new ConcurrentLinkedQueue<>();
    private final Map<Integer, Controller> owners = new ConcurrentHashMap<>();

    /** Notes two owners of one identifier at the moment they are made. */
    private final class CheckedController extends RecordingController {
        CheckedController(int id, Subsystem subsystem, Port port) {
            super(id, subsystem, port, "nqn.host");
            if (owners.putIfAbsent(id, this) != null) {
                faults.add("two controllers have id " + id);
            }
        }

        @Override
        public void delete(String reason) {
            end();
        }

        void end() {
            if (owners.remove(id(), this)) {
                subsystem().forget(this);
            }
        }
    }

    private Thread connectUntilStopped(Subsystem subsystem, long stream) {
        RandomGenerator random = Seed.random(stream);
        return Thread.ofPlatform()
                .start(() -> {
                    while (!stop.get()) {
                        connectOnce(subsystem, random);
                    }
                });
    }

    private void connectOnce(Subsystem subsystem, RandomGenerator random) {
        try {
            Controller made =
                    subsystem.admit(port, id -> new CheckedController(id, subsystem, port));
            if (made instanceof CheckedController checked && random.nextInt(4) == 0) {
                checked.end(); // the host leaves by itself
            }
        } catch (ConfigException refused) {
            Thread.onSpinWait();
        }
    }

    private void finish(Thread... hosts) throws InterruptedException {
        stop.set(true);
        for (Thread host : hosts) {
            host.join();
        }
    }

    @Test
    void noControllerSurvivesAnUnlink() throws Exception {
        Subsystem subsystem = fixture.subsystem("nqn.a");
        subsystem.maxControllerId(50);
        Thread first = connectUntilStopped(subsystem, 1);
        Thread second = connectUntilStopped(subsystem, 2);
        int seen = 0;
        for (int round = 0; round < ROUNDS || seen == 0; round++) {
            port.link(subsystem);
            for (int spin = 0; spin < 1000 && subsystem.controllers().isEmpty(); spin++) {
                Thread.onSpinWait();
            }
            seen += subsystem.controllers().size();
            port.unlink(subsystem);
            Collection<Controller> left = subsystem.controllers();
            assertThat(left).isEmpty();
            assertThat(owners).isEmpty();
        }
        finish(first, second);
        assertThat(faults).isEmpty();
        assertThat(target.controllerIds().inUse()).isZero();
    }

    @Test
    void noControllerKeepsAnOldQueueLimit() throws Exception {
        Subsystem subsystem = fixture.subsystem("nqn.a");
        subsystem.maxControllerId(4);
        port.link(subsystem);
        Thread first = connectUntilStopped(subsystem, 3);
        Thread second = connectUntilStopped(subsystem, 4);
        for (int round = 0; round < 5 * ROUNDS; round++) {
            int limit = 1 + round % 128;
            subsystem.maxQueueId(limit);
            assertThat(subsystem.controllers())
                    .allMatch(controller -> ((RecordingController) controller).queueLimit == limit);
        }
        finish(first, second);
        port.unlink(subsystem);
        assertThat(faults).isEmpty();
        assertThat(target.controllerIds().inUse()).isZero();
    }

    @Test
    void linkAndRemovalOfASubsystemExcludeEachOther() throws Exception {
        for (int round = 0; round < ROUNDS; round++) {
            Subsystem subsystem = fixture.subsystem("nqn.a");
            AtomicBoolean linked = new AtomicBoolean();
            AtomicBoolean removed = new AtomicBoolean();
            Thread linker =
                    Thread.ofPlatform().start(() -> linked.set(works(() -> port.link(subsystem))));
            Thread remover =
                    Thread.ofPlatform()
                            .start(() ->
                                    removed.set(works(() -> target.removeSubsystem(subsystem))));
            linker.join();
            remover.join();
            assertThat(linked.get()).isNotEqualTo(removed.get());
            assertThat(port.exports(subsystem)).isEqualTo(linked.get());
            if (linked.get()) {
                port.unlink(subsystem);
                target.removeSubsystem(subsystem);
            }
        }
    }

    @Test
    void allowanceAndRemovalOfAHostExcludeEachOther() throws Exception {
        Subsystem subsystem = target.createSubsystem("nqn.a");
        for (int round = 0; round < ROUNDS; round++) {
            Host host = target.createHost("nqn.host");
            AtomicBoolean allowed = new AtomicBoolean();
            AtomicBoolean removed = new AtomicBoolean();
            Thread allower =
                    Thread.ofPlatform()
                            .start(() -> allowed.set(works(() -> subsystem.allowHost(host))));
            Thread remover =
                    Thread.ofPlatform()
                            .start(() -> removed.set(works(() -> target.removeHost(host))));
            allower.join();
            remover.join();
            assertThat(allowed.get()).isNotEqualTo(removed.get());
            if (allowed.get()) {
                subsystem.disallowHost(host);
                target.removeHost(host);
            }
        }
    }

    private static boolean works(Runnable change) {
        try {
            change.run();
            return true;
        } catch (ConfigException refused) {
            return false;
        }
    }
}
