package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.verbs.software.Resources;
import org.jnvmet.verbs.software.SoftwareFabric;
import org.slf4j.LoggerFactory;

/**
 * A target with one memory namespace that listens on a software device. When it is closed nothing may be
 * lent any more, nothing may be left of what was made on the device, and nothing may have been logged as a
 * mistake of ours.
 */
final class RdmaFixture implements AutoCloseable {
    static final InetAddress ADDRESS = InetAddress.ofLiteral("192.0.2.1");
    static final String DEVICE = "soft0";

    /** One loop, and limits that only tests of limits reach. */
    static final RdmaSettings SETTINGS =
            RdmaSettings.DEFAULTS
                    .withLoops(1)
                    .withLimits(new RdmaSettings.TimeLimits(200, 60_000, 10, 8_000));

    final SoftwareFabric fabric = new SoftwareFabric(1).addDevice(DEVICE, ADDRESS);
    final RdmaTransport transport;
    final Target target;
    final Port port;
    final Subsystem subsystem;
    private final IoWorkers workers = new IoWorkers(2);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private boolean expectErrors;

    RdmaFixture() {
        this(SETTINGS);
    }

    RdmaFixture(RdmaSettings settings) {
        log.start();
        root().addAppender(log);
        transport = new RdmaTransport(settings, fabric::provider);
        target = new Target(List.of(transport), List.of(new Backends(workers)));
        subsystem = target.createSubsystem(Commands.SUBSYSTEM);
        subsystem.allowAnyHost(true);
        Namespace namespace = subsystem.createNamespace(1);
        namespace.devicePath("mem:64M");
        namespace.enable();
        port = target.createPort(1);
        port.address(address(ADDRESS.getHostAddress()));
        port.link(subsystem);
    }

    static Port.Address address(String address) {
        String family = address.contains(":") ? "ipv6" : "ipv4";
        return new Port.Address("rdma", family, address, "0", "not specified", "connected");
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    InetSocketAddress bound() {
        return Objects.requireNonNull(transport.boundAddress(port));
    }

    /** A host that has resolved the way and has not asked. */
    RawHost dial() {
        return new RawHost(fabric.provider(), bound());
    }

    /** A host with the admin queue of an enabled controller. */
    RawHost admin() {
        return dial().admin();
    }

    /** A host with an I/O queue of the controller of {@code admin}. */
    RawHost io(RawHost admin, int queueId, int entries) {
        return dial().io(queueId, admin.controllerId(), entries);
    }

    RdmaLoop loop() {
        return transport.loops()[0];
    }

    /** Runs on the loop and waits. */
    <T> T onLoop(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, loop()).join();
    }

    /** Runs on the control thread and waits. */
    <T> T onControl(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, transport.cm()).join();
    }

    RdmaLoop.Usage usage() {
        return onLoop(() -> loop().usage());
    }

    /** Connections of all loops that are not gone. */
    int connections() {
        int all = 0;
        for (RdmaLoop loop : transport.loops()) {
            all += loop.load();
        }
        return all;
    }

    void awaitNoConnections() {
        eventually(() -> usage().equals(RdmaLoop.Usage.NOTHING));
    }

    /** Waits until what other threads do has led to {@code condition}. */
    static void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("it has not come true within 10 s");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** What was logged at a level. */
    List<String> logged(Level level) {
        return List.copyOf(log.list).stream()
                .filter(event -> event.getLevel() == level)
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    void expectErrors() {
        expectErrors = true;
    }

    @Override
    public void close() {
        fabric.faults().clear();
        target.close();
        workers.close();
        root().detachAppender(log);
        for (RdmaLoop loop : transport.loops()) {
            assertThat(loop.usage()).isEqualTo(RdmaLoop.Usage.NOTHING);
        }
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        fabric.close();
        if (!expectErrors) {
            assertThat(logged(Level.ERROR)).isEmpty();
        }
    }
}
