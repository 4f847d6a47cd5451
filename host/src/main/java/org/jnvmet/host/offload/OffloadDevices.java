package org.jnvmet.host.offload;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The registered devices, in the order of their registration: who comes first is asked first. Any thread. */
public final class OffloadDevices {
    private static final int PAGE = 4096;

    private final List<Registered> registered = new CopyOnWriteArrayList<>();

    /** A device and its operations. */
    record Registered(OffloadDevice device, OffloadOperations operations) {}

    /**
     * Registers a device.
     *
     * @throws IllegalArgumentException when it lacks an operation, its name is taken, or a limit is out
     *     of range
     */
    public synchronized OffloadDevices register(OffloadDevice device) {
        OffloadOperations operations = device.operations();
        for (Registered other : registered) {
            if (other.device.name().equals(device.name())) {
                throw new IllegalArgumentException(
                        "offload device %s is registered already".formatted(device.name()));
            }
        }
        int bytes = device.maxTransferBytes();
        if (bytes < PAGE || bytes % PAGE != 0 || device.maxSegments() < 1 || device.vectors() < 1) {
            throw new IllegalArgumentException(
                    "offload device %s has impossible limits: %d bytes, %d segments, %d vectors"
                            .formatted(
                                    device.name(), bytes, device.maxSegments(), device.vectors()));
        }
        registered.add(new Registered(device, operations));
        return this;
    }

    /** Names, in the order of registration. */
    public List<String> names() {
        return registered.stream().map(each -> each.device.name()).toList();
    }

    List<Registered> all() {
        return List.copyOf(registered);
    }
}
