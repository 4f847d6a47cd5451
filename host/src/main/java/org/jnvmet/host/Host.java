package org.jnvmet.host;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.Route;

/**
 * An NVMe over Fabrics host: its transports, its controllers and the threads that serve them. Any
 * thread may call; {@link #connect} and {@link #close} wait and must not be called from a completion.
 */
public final class Host implements AutoCloseable {
    private final Map<String, HostTransport> transports = new LinkedHashMap<>();
    private final List<HostController> controllers = new CopyOnWriteArrayList<>();
    private final List<ConnectOptions> connecting = new CopyOnWriteArrayList<>();
    private final Map<String, HostSubsystem> subsystems = new ConcurrentHashMap<>();
    private final HostTimer timer;
    private final int processors;

    /** A host with these transports; it closes them. */
    public Host(Collection<? extends HostTransport> transports) {
        this(transports, Runtime.getRuntime().availableProcessors(), new SystemTimer());
    }

    /** As {@link #Host(Collection)}, with up to {@code ioQueues} I/O queues whatever the machine has. */
    public Host(Collection<? extends HostTransport> transports, int ioQueues) {
        this(transports, ioQueues, new SystemTimer());
    }

    Host(Collection<? extends HostTransport> transports, int processors, HostTimer timer) {
        this.processors = processors;
        this.timer = timer;
        for (HostTransport transport : transports) {
            if (this.transports.put(transport.name(), transport) != null) {
                throw new IllegalArgumentException("two transports " + transport.name());
            }
        }
    }

    /**
     * Connects, enables and identifies a controller and connects its I/O queues. From then on it is
     * kept connected until it is closed or given up.
     *
     * @throws StatusException when the controller refuses a step; its result names the step
     * @throws HostException when there is no connection, or the controller is none we can use
     */
    public HostController connect(ConnectOptions options) {
        HostTransport transport = transports.get(options.transport());
        if (transport == null) {
            throw new HostException(
                    "unknown transport '%s'; there are %s"
                            .formatted(
                                    options.transport(), String.join(", ", transports.keySet())));
        }
        reserve(options);
        try {
            Route route = transport.route(options);
            HostController controller = HostController.connect(route, options, timer, processors);
            joinSubsystem(controller);
            keep(controller);
            return controller;
        } finally {
            connecting.remove(options);
        }
    }

    /** Until it is gone, which it may be already. */
    private void keep(HostController controller) {
        controllers.add(controller);
        controller.addListener(
                new HostController.Listener() {
                    @Override
                    public void onState(HostController changed, HostController.State state) {
                        if (state == HostController.State.DEAD) {
                            controllers.remove(changed);
                        }
                    }
                });
        if (controller.state() == HostController.State.DEAD) {
            controllers.remove(controller);
        }
    }

    private void joinSubsystem(HostController controller) {
        if (controller.isDiscovery()) {
            return; // of those a host may have many, whatever they say
        }
        try {
            subsystem(controller.options().subsystemNqn()).join(controller);
        } catch (HostException e) {
            controller.close();
            throw e;
        }
    }

    /** The subsystem of that name: what its controllers, connected now and later, lead to. */
    public HostSubsystem subsystem(String nqn) {
        return subsystems.computeIfAbsent(nqn, name -> new HostSubsystem(name, timer));
    }

    /** Keeps the way for one connection at a time; those that may be second need not ask. */
    private synchronized void reserve(ConnectOptions options) {
        if (!options.duplicate()) {
            for (HostController controller : controllers) {
                if (controller.options().sameWay(options)) {
                    throw new AlreadyConnectedException(controller.toString());
                }
            }
            for (ConnectOptions other : connecting) {
                if (other.sameWay(options)) {
                    throw new AlreadyConnectedException(
                            options.subsystemNqn() + " at " + options.way());
                }
            }
        }
        connecting.add(options);
    }

    /** The controllers that are not gone. */
    public List<HostController> controllers() {
        return List.copyOf(controllers);
    }

    /** Disconnects all controllers and closes the transports. */
    @Override
    public void close() {
        controllers.forEach(HostController::close);
        transports.values().forEach(HostTransport::close);
        timer.close();
    }
}
