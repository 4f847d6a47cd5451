package org.jnvmet.host.offload;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import org.jnvmet.host.ConnectOption;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.host.spi.ControllerLink;
import org.jnvmet.host.spi.HostTransport;
import org.jnvmet.host.spi.QueueChannel;
import org.jnvmet.host.spi.QueueEvents;
import org.jnvmet.host.spi.Route;
import org.jnvmet.host.tcp.TcpAddress;

/**
 * The transport {@code tcp_offload}: each controller goes to the first device that claims its address.
 * Shaped after the nvme-tcp-offload layer once proposed for Linux; unlike there, each setupController
 * that succeeded is matched by one releaseController, also when it is for a reconnect.
 */
public final class OffloadTransport implements HostTransport {
    private static final String NAME = "tcp_offload";
    private final OffloadDevices devices;
    private final Runnable onClose;

    /** {@code onClose} ends the devices' threads. */
    public OffloadTransport(OffloadDevices devices, Runnable onClose) {
        this.devices = devices;
        this.onClose = onClose;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public Route route(ConnectOptions options) {
        TcpAddress address = TcpAddress.of(options);
        InetSocketAddress remote = address.remote()[0];
        InetAddress local = address.from().isEmpty() ? null : address.local().getAddress();
        for (OffloadDevices.Registered each : devices.all()) {
            if (!options.offloadDevice().isEmpty()
                    && !options.offloadDevice().equals(each.device().name())) {
                continue;
            }
            OffloadRoute route = new OffloadRoute(options, remote, local);
            if (each.operations().claim().claim(route)) {
                checkOptions(each.device(), options);
                return new DeviceRoute(each.device(), each.operations(), route);
            }
        }
        throw nobodyClaims(options);
    }

    private HostException nobodyClaims(ConnectOptions options) {
        String wanted = options.offloadDevice();
        String registered = String.join(", ", devices.names());
        if (!wanted.isEmpty() && !devices.names().contains(wanted)) {
            return new HostException(
                    "there is no offload device %s; registered: %s".formatted(wanted, registered));
        }
        String from = options.hostAddress().isEmpty() ? "" : " from " + options.hostAddress();
        String by = options.hostInterface().isEmpty() ? "" : " by " + options.hostInterface();
        return new HostException(
                "%s %s%s%s; registered: %s"
                        .formatted(
                                wanted.isEmpty()
                                        ? "no offload device reaches"
                                        : "offload device " + wanted + " does not reach",
                                options.address(),
                                from,
                                by,
                                registered));
    }

    private static void checkOptions(OffloadDevice device, ConnectOptions options) {
        for (ConnectOption required : device.requiredOptions()) {
            if (!options.given().contains(required)) {
                throw new HostException(
                        "offload device %s needs the option %s".formatted(device.name(), required));
            }
        }
        for (ConnectOption given : options.given()) {
            if (!given.everywhere()
                    && !device.allowedOptions().contains(given)
                    && !device.requiredOptions().contains(given)) {
                throw new HostException(
                        "offload device %s does not take the option %s"
                                .formatted(device.name(), given));
            }
        }
    }

    @Override
    public void close() {
        onClose.run();
    }

    private record DeviceRoute(
            OffloadDevice device, OffloadOperations operations, OffloadRoute found)
            implements Route {
        @Override
        public int maxTransferBytes() {
            return device.maxTransferBytes();
        }

        @Override
        public int maxSegments() {
            return device.maxSegments();
        }

        @Override
        public int vectors() {
            return device.vectors();
        }

        @Override
        public ControllerLink setUpController() {
            OffloadController controller = new OffloadController(found);
            operations.setupController().apply(controller);
            return new Link(operations, controller);
        }

        @Override
        public String toString() {
            return NAME + " (" + device.name() + ")";
        }
    }

    private record Link(OffloadOperations operations, OffloadController controller)
            implements ControllerLink {
        @Override
        public QueueChannel createQueue(QueueOptions options, QueueEvents events) {
            OffloadQueue queue = new OffloadQueue(controller, options, events);
            operations.createQueue().apply(queue);
            return new Channel(operations, queue);
        }

        @Override
        public void release() {
            operations.releaseController().apply(controller);
        }
    }

    private record Channel(OffloadOperations operations, OffloadQueue queue)
            implements QueueChannel {
        @Override
        public void send(HostRequest request) {
            operations.sendRequest().send(queue, request);
        }

        @Override
        public int poll() {
            return operations.pollQueue().poll(queue);
        }

        @Override
        public void drain() {
            operations.drainQueue().apply(queue);
        }

        @Override
        public void destroy() {
            operations.destroyQueue().apply(queue);
        }
    }
}
