package org.jnvmet.testkit;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;

/**
 * A target with one port that exports one subsystem with one memory namespace of 16 MiB, and a host
 * that reaches it.
 */
public final class TargetUnderTest implements AutoCloseable {
    static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:conformance";
    private static final int MAX_IO_QUEUES = 1024;
    private static final int QUEUE_ENTRIES = 32;
    private static final int IN_CAPSULE_BYTES = 8192;
    private static final long TIMEOUT_MS = 10_000;

    private final TransportFixture fixture;
    private final HostTransport hostTransport;
    private final Host host;
    private final IoWorkers workers = new IoWorkers(2);
    private final Target target;
    private final Port port;
    private final Subsystem subsystem;

    TargetUnderTest(TransportFixture fixture) {
        this.fixture = fixture;
        hostTransport = fixture.hostTransport();
        host = new Host(List.of(hostTransport), MAX_IO_QUEUES);
        target = new Target(List.of(fixture.transport()), List.of(new Backends(workers)));
        port = target.createPort(1);
        port.address(fixture.address(1));
        subsystem = target.createSubsystem(SUBSYSTEM);
        subsystem.allowAnyHost(true);
        namespace(1, "mem:16M");
        port.link(subsystem);
    }

    Target target() {
        return target;
    }

    Port port() {
        return port;
    }

    Subsystem subsystem() {
        return subsystem;
    }

    Namespace namespace(int nsid, String path) {
        Namespace namespace = subsystem.createNamespace(nsid);
        namespace.devicePath(path);
        namespace.enable();
        return namespace;
    }

    /** Exports a second subsystem that anybody may use. */
    void linkAnother() {
        Subsystem another = target.createSubsystem("nqn.2025-01.org.jnvmet:another");
        another.allowAnyHost(true);
        port.link(another);
    }

    String discoveredAddress() {
        return fixture.discoveredAddress(port);
    }

    Host host() {
        return host;
    }

    /** The way to the port, for hosts that may have other connections along it. */
    ConnectOptions way(ConnectOptions options) {
        return fixture.way(port, options).duplicate(true);
    }

    HostController connect(ConnectOptions options) {
        return host.connect(way(options));
    }

    /** A connection without Connect. */
    LooseQueue openQueue(int queueId) {
        ConnectOptions way = way(ConnectOptions.to(SUBSYSTEM));
        return new LooseQueue(hostTransport.route(way), queue(queueId), TIMEOUT_MS);
    }

    static QueueOptions queue(int queueId) {
        return new QueueOptions(queueId, QUEUE_ENTRIES, IN_CAPSULE_BYTES, true, TIMEOUT_MS);
    }

    /** Waits until what other threads do has led to {@code condition}. */
    static void eventually(BooleanSupplier condition) {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(TIMEOUT_MS);
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("it has not come true within " + TIMEOUT_MS + " ms");
            }
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    @Override
    public void close() {
        target.close();
        host.controllers().forEach(HostController::abandon);
        host.close();
        workers.close();
    }
}
