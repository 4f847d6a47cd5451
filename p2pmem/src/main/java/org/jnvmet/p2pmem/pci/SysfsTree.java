package org.jnvmet.p2pmem.pci;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A tree that was read. */
final class SysfsTree implements PciTree {
    private final Path root;
    private final List<PciFunction> functions;
    private final Map<PciAddress, PciFunction> byAddress;
    private final boolean zen;
    private final List<String> remarks;

    /**
     * Holds what was read.
     *
     * @param functions in the order of enumeration
     * @param zen whether the processor routes between all root ports
     */
    SysfsTree(Path root, List<PciFunction> functions, boolean zen, List<String> remarks) {
        this.root = root;
        this.functions = List.copyOf(functions);
        this.byAddress =
                functions.stream()
                        .collect(
                                Collectors.toUnmodifiableMap(
                                        PciFunction::address, Function.identity()));
        this.zen = zen;
        this.remarks = List.copyOf(remarks);
    }

    @Override
    public Path root() {
        return root;
    }

    @Override
    public List<PciFunction> functions() {
        return functions;
    }

    @Override
    public @Nullable PciFunction function(PciAddress address) {
        return byAddress.get(address);
    }

    @Override
    public boolean cpuRoutesBetweenRootPorts() {
        return zen;
    }

    @Override
    public @Nullable PciFunction firstOfRootBus(String hostBridge) {
        for (PciFunction function : functions) {
            // Virtual functions of a device on the root bus may show buses of their own there.
            if (function.upstream() == null
                    && function.hostBridge().equals(hostBridge)
                    && hostBridge.endsWith(":%02x".formatted(function.address().bus()))) {
                return function;
            }
        }
        return null;
    }

    @Override
    public List<String> remarks() {
        return remarks;
    }

    @Override
    public Client blockDevice(String name, int major, int minor) {
        return new BlockDevices(this).client(name, major, minor);
    }

    @Override
    public Client networkInterface(String name, String networkInterface) {
        return new NetworkDevices(this).networkInterface(name, networkInterface);
    }

    @Override
    public Client rdmaDevice(String name, String device) {
        return new RdmaDevices(this).device(name, device);
    }

    @Override
    public Client rdmaDeviceOf(String networkInterface) {
        return new RdmaDevices(this).of(networkInterface);
    }

    @Override
    public Map<PciAddress, List<String>> deviceNames() {
        return new DeviceNames(this).all();
    }
}
