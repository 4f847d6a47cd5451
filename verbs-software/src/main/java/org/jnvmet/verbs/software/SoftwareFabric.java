package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import java.io.IOException;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.VerbsProvider;
import org.jnvmet.verbs.software.Ledger.Kind;
import org.jspecify.annotations.Nullable;

/**
 * RDMA devices and the network between them, in this process: a whole provider of verbs, whose reliable
 * connections move data between addresses of the process. It keeps the rules of rdma-core and of real
 * devices, is strict where they differ, and fails as it is told by {@link Faults}. Any thread.
 *
 * <p>Time plays no part but for RNR retries with an end; what takes seconds with a device (a message that
 * nobody acknowledges, TIMEWAIT) happens at once. A misuse that would corrupt memory with a device, such as a
 * second destruction, is an {@link IllegalStateException}.
 */
public final class SoftwareFabric implements AutoCloseable {
    private static final int MEBI = 1 << 20;
    private static final Device.Limits LIMITS =
            new Device.Limits(8192, 30, 30, MEBI, 1L << 40, 16, 16, 16384, false, false);

    private final Network network;
    private final List<SoftwareDevice> all = new ArrayList<>(); // under the network's lock
    private boolean closed; // under the network's lock

    /** @param seed decides keys and numbers */
    public SoftwareFabric(long seed) {
        network = new Network(seed);
        network.worker().start();
    }

    /** Adds a device that has everything: shared receive queues, peer memory, limits nobody reaches. */
    public SoftwareFabric addDevice(String name, InetAddress... addresses) {
        return addDevice(name, LIMITS, true, addresses);
    }

    /**
     * Adds a device, or one that was removed anew.
     *
     * @param dmaBuf whether it registers dma-bufs
     * @param addresses of any kind; those of another device move without its knowing
     */
    public SoftwareFabric addDevice(
            String name, Device.Limits limits, boolean dmaBuf, InetAddress... addresses) {
        return locked(() -> {
            if (network.devices().containsKey(name)) {
                throw new IllegalArgumentException("device " + name + " is there");
            }
            SoftwareDevice device =
                    network.provider()
                            .make(() -> new SoftwareDevice(network, name, limits, dmaBuf));
            network.devices().put(name, device);
            all.add(device);
            for (InetAddress each : addresses) {
                network.assign(each, device);
            }
            return this;
        });
    }

    /**
     * Pulls a device out: its queue pairs go to error, its identifiers are told with DEVICE_REMOVAL, its
     * asynchronous events end with DEVICE_FATAL, nothing can be made on it, its addresses are nobody's.
     * What was made is still to be destroyed.
     */
    public void removeDevice(String name) {
        locked(() -> {
            SoftwareDevice device = device(name);
            network.devices().remove(name);
            network.unassign(device);
            device.remove();
            tell(device, null, EventType.RDMA_CM_EVENT_DEVICE_REMOVAL);
            return this;
        });
    }

    /**
     * Has another device take over an address. The identifiers that have it are told with ADDR_CHANGE;
     * connections go on, but who listens on it hears no more.
     */
    public void moveAddress(InetAddress address, String toDevice) {
        locked(() -> {
            SoftwareDevice to = device(toDevice);
            SoftwareDevice from = network.device(address);
            network.assign(address, to);
            if (from != null && from != to) {
                tell(from, address, EventType.RDMA_CM_EVENT_ADDR_CHANGE);
            }
            return this;
        });
    }

    private void tell(SoftwareDevice device, @Nullable InetAddress address, EventType type) {
        for (Object each : List.copyOf(network.ledger().of(Kind.ID))) {
            Identifier id = (Identifier) each;
            if (id.device() == device
                    && (address == null || address.equals(id.local().getAddress()))) {
                id.channel().tell(id, type, 0);
            }
        }
    }

    private SoftwareDevice device(String name) {
        SoftwareDevice device = network.devices().get(name);
        if (device == null) {
            throw new IllegalArgumentException("there is no device " + name);
        }
        return device;
    }

    /** The verbs of this fabric; always the same. */
    public VerbsProvider provider() {
        return network.provider();
    }

    /** What was made and is not destroyed. */
    public Resources resources() {
        return locked(() -> network.ledger().counts());
    }

    public Faults faults() {
        return network.faults();
    }

    /**
     * Ends the fabric's thread. The second call does nothing.
     *
     * @throws IllegalStateException when something made with it is not destroyed
     */
    @Override
    public void close() {
        boolean first = locked(() -> !closed && (closed = true));
        if (!first) {
            return;
        }
        network.worker().close();
        Resources left = resources();
        if (!left.equals(Resources.NONE)) {
            throw new IllegalStateException("not destroyed: " + left);
        }
        all.forEach(SoftwareDevice::shut);
    }

    private <T> T locked(Network.Action<T> action) {
        try {
            return network.locked(action);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
