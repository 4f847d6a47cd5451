package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.slf4j.LoggerFactory;

/**
 * A target with one memory namespace that listens on a port of the system's choice. When it is closed
 * nothing may be lent any more, and nothing may have been logged as a mistake of ours.
 */
final class TcpFixture implements AutoCloseable {
    /** One loop, and limits that only tests of limits reach. */
    static final TcpSettings SETTINGS = TcpSettings.DEFAULTS.withLoops(1);

    final TcpTransport transport;
    final Target target;
    final Port port;
    final Subsystem subsystem;
    private final IoWorkers workers = new IoWorkers(2);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();
    private boolean expectErrors;

    TcpFixture(TcpSettings settings) {
        this(settings, "mem:64M");
    }

    TcpFixture(TcpSettings settings, String medium) {
        log.start();
        root().addAppender(log);
        transport = new TcpTransport(settings);
        target = new Target(List.of(transport), List.of(new Backends(workers)));
        subsystem = target.createSubsystem(Pdus.SUBSYSTEM);
        subsystem.allowAnyHost(true);
        Namespace namespace = subsystem.createNamespace(1);
        namespace.devicePath(medium);
        namespace.enable();
        port = target.createPort(1);
        port.address(new Port.Address("tcp", "ipv4", "127.0.0.1", "0", "not specified", "none"));
        port.link(subsystem);
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    InetSocketAddress address() {
        return Objects.requireNonNull(transport.boundAddress(port));
    }

    /** A host that has a TCP connection and has said nothing. */
    RawHost dial() {
        return new RawHost(address());
    }

    /** A host with the admin queue of an enabled controller. */
    RawHost admin() {
        RawHost host = dial();
        host.negotiate();
        return host.admin();
    }

    /** A host with an I/O queue of the controller of {@code admin}. */
    RawHost io(RawHost admin, int queueId, int entries) {
        RawHost host = dial();
        host.negotiate();
        return host.io(queueId, admin.controllerId(), entries);
    }

    TcpLoop loop() {
        return transport.loops()[0];
    }

    /** Runs on the loop and waits. */
    <T> T onLoop(Supplier<T> task) {
        return CompletableFuture.supplyAsync(task, loop()).join();
    }

    /** Runs on the loop, lets it finish what that began there, and runs again. */
    <S, T> T onLoop(Supplier<S> begin, Function<S, T> end) {
        S begun = onLoop(begin);
        return onLoop(() -> end.apply(begun));
    }

    TcpListener listener() {
        return transport.listeners().iterator().next();
    }

    /** Waits until all connections are gone, by asking the loop again and again, not the clock. */
    void awaitNoConnections() {
        while (onLoop(() -> loop().usage().connections()) > 0) {
            Thread.onSpinWait();
        }
    }

    TcpLoop.Usage usage() {
        return onLoop(() -> loop().usage());
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
        target.close();
        workers.close();
        root().detachAppender(log);
        for (TcpLoop loop : transport.loops()) {
            assertThat(loop.usage()).isEqualTo(TcpLoop.Usage.NOTHING);
        }
        if (!expectErrors) {
            assertThat(logged(Level.ERROR)).isEmpty();
        }
    }
}
