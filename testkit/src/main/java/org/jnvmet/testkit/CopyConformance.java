package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostQueue;
import org.jnvmet.host.IoCommands;
import org.jnvmet.target.Namespace;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link TransportConformance} demands of Copy, and the target that its tests are run against. */
abstract class CopyConformance {
    static final int BLOCK = 4096;

    @SuppressWarnings("NullAway.Init") // before each test
    TargetUnderTest target;

    /** Makes a fixture. */
    protected abstract TransportFixture open();

    @BeforeEach
    final void start() {
        target = new TargetUnderTest(open());
    }

    /** Everything must end: a target that keeps something makes this wait and fail. */
    @AfterEach
    final void stop() {
        target.close();
    }

    final HostController connect() {
        return connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM));
    }

    final HostController connect(ConnectOptions options) {
        return target.connect(options);
    }

    static byte[] random(int bytes, long seed) {
        byte[] data = new byte[bytes];
        new Random(seed).nextBytes(data);
        return data;
    }

    @Test
    void copiesWithinAndAcrossNamespaces() {
        Namespace second = target.namespace(2, "mem:16M");
        try (HostController host = connect()) {
            byte[] data = random(300 * BLOCK, 1);
            HostNamespace first = host.namespace(1);
            first.write(0, data).orThrow();
            List<IoCommands.Source> sources =
                    List.of(
                            new IoCommands.Source(1, 100, 200),
                            new IoCommands.Source(1, 0, 1),
                            new IoCommands.Source(1, 50, 70));
            byte[] expected = new byte[271 * BLOCK];
            System.arraycopy(data, 100 * BLOCK, expected, 0, 200 * BLOCK);
            System.arraycopy(data, 0, expected, 200 * BLOCK, BLOCK);
            System.arraycopy(data, 50 * BLOCK, expected, 201 * BLOCK, 70 * BLOCK);

            for (int format = 0; format < 4; format++) {
                long to = 1000 + 300L * format;
                assertThat(first.copy(to, sources, format).orThrow().dword0()).isZero();
                assertThat(first.read(to, 271).orThrow().bytes()).isEqualTo(expected);
            }
            host.namespace(2).copy(3000, sources).orThrow();
            assertThat(host.namespace(2).read(3000, 271).orThrow().bytes()).isEqualTo(expected);
            assertThat(
                            AsItIs.run(
                                            host,
                                            IoCommands.copy(
                                                    1,
                                                    0,
                                                    List.of(new IoCommands.Source(1, 9, 1)),
                                                    4))
                                    .is(Status.INVALID_FIELD))
                    .isTrue();
        }
        second.disable();
    }

    /** Copies that are cut off at any moment end, and let go of the namespaces that they hold. */
    @Test
    void forgetsTheCopiesOfAHostThatCrashed() {
        Namespace second = target.namespace(2, "mem:16M");
        HostController host = connect(ConnectOptions.to(TargetUnderTest.SUBSYSTEM).ioQueues(4));
        List<IoCommands.Source> all = List.of(new IoCommands.Source(2, 0, 4096));
        for (HostQueue queue : host.ioQueues()) {
            for (int i = 0; i < 16; i++) {
                var _ = queue.submit(IoCommands.copy(1, 0, all, 2));
            }
        }

        host.abandon();

        second.disable();
        TargetUnderTest.eventually(() -> target.subsystem().controllers().isEmpty());
    }
}
