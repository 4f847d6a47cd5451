package org.jnvmet.p2pmem.pci;

import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jnvmet.p2pmem.pci.PciFunction.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Reads the PCI functions of a machine. The path of a function's directory is its place in the hierarchy:
 * each directory on it is the bridge above the next one, down from the directory of a root bus. The last
 * root bus on the path counts, so that domains behind a Volume Management Device have nothing upstream of
 * them, as in the kernel.
 */
final class SysfsReader {
    private static final Pattern ROOT_BUS = Pattern.compile("pci[0-9a-f]{4,8}:[0-9a-f]{2}");

    /** Nothing real is deeper; a tree that somebody made up may be. */
    private static final int MAX_DEPTH = 64;

    private static final int BRIDGE_CLASS = 0x0604;
    private static final int HOST_BRIDGE_CLASS = 0x0600;

    private final Path root;
    private final Path devices;
    private final Map<PciAddress, PciFunction.Memory> handedIn;
    private final Map<PciAddress, PciFunction> functions = new HashMap<>();
    private final Map<PciAddress, Path> places = new HashMap<>();
    private final List<String> remarks = new ArrayList<>();
    private final List<PciAddress> shortConfigs = new ArrayList<>();

    /** {@code handedIn}: memory of functions that sysfs does not show. */
    SysfsReader(Path root, Map<PciAddress, PciFunction.Memory> handedIn) {
        this.root = root;
        this.handedIn = handedIn;
        Path real = SysfsFiles.real(root);
        this.devices = (real == null ? root : real).resolve("devices");
    }

    SysfsTree read() {
        if (!Files.isDirectory(root)) {
            remarks.add(root + " is no directory");
        }
        Path links = root.resolve("bus/pci/devices");
        if (Files.isDirectory(links)) {
            SysfsFiles.list(links).forEach(this::follow);
        } else {
            for (Path bus : SysfsFiles.list(devices)) {
                if (ROOT_BUS.matcher(SysfsFiles.name(bus)).matches()) {
                    walk(bus, 0);
                }
            }
        }
        if (!shortConfigs.isEmpty()) {
            remarks.add(shortConfigs());
        }
        List<PciFunction> all = new ArrayList<>(functions.values());
        all.sort(Comparator.comparing(PciFunction::address));
        return new SysfsTree(root, all, isZen(), remarks);
    }

    private String shortConfigs() {
        shortConfigs.sort(Comparator.naturalOrder());
        int others = shortConfigs.size() - 1;
        return "config of %s%s has 64 bytes: not root? Redirection by ACS cannot be seen"
                .formatted(
                        shortConfigs.getFirst(),
                        others == 0 ? "" : " and %d other%s".formatted(others, plural(others)));
    }

    private static String plural(int count) {
        return count == 1 ? "" : "s";
    }

    private void follow(Path link) {
        String name = SysfsFiles.name(link);
        PciAddress address = PciAddress.parse(name);
        if (address == null) {
            remarks.add(link + " is not the address of a PCI function");
            return;
        }
        Path directory = SysfsFiles.real(link);
        if (directory == null || !Files.isDirectory(directory)) {
            remarks.add(link + " leads nowhere");
        } else if (!SysfsFiles.name(directory).equals(name)) {
            remarks.add("%s leads to %s, another name".formatted(link, directory));
        } else if (!directory.startsWith(devices)) {
            remarks.add("%s leads out of the tree, to %s".formatted(link, directory));
        } else if (function(directory, address, 0) == null) {
            remarks.add("%s lies below no root bus: %s".formatted(address, directory));
        }
    }

    /** For trees without {@code bus}, as somebody may have copied them. */
    private void walk(Path directory, int depth) {
        for (Path child : SysfsFiles.list(directory)) {
            if (depth > MAX_DEPTH || !Files.isDirectory(child, LinkOption.NOFOLLOW_LINKS)) {
                continue;
            }
            String name = SysfsFiles.name(child);
            PciAddress address = PciAddress.parse(name);
            if (address != null) {
                function(child, address, 0);
                walk(child, depth + 1);
            } else if (ROOT_BUS.matcher(name).matches()) {
                walk(child, depth + 1);
            }
        }
    }

    /** The function in that directory, after those above it; null: they do not begin at a root bus. */
    private @Nullable PciFunction function(Path directory, PciAddress address, int depth) {
        PciFunction known = functions.get(address);
        if (known != null) {
            if (!directory.equals(places.get(address))) {
                remarks.add(
                        "%s is in two places: %s and %s"
                                .formatted(address, places.get(address), directory));
            }
            return known;
        }
        Path above = directory.getParent();
        if (above == null || depth > MAX_DEPTH) {
            return null;
        }
        String aboveName = SysfsFiles.name(above);
        PciFunction upstream = null;
        String hostBridge = aboveName;
        if (!ROOT_BUS.matcher(aboveName).matches()) {
            PciAddress bridge = PciAddress.parse(aboveName);
            upstream = bridge == null ? null : function(above, bridge, depth + 1);
            if (upstream == null) {
                return null;
            }
            hostBridge = upstream.hostBridge();
        }
        PciFunction function = read(directory, address, upstream, hostBridge);
        functions.put(address, function);
        places.put(address, directory);
        return function;
    }

    private PciFunction read(
            Path directory, PciAddress address, @Nullable PciFunction upstream, String hostBridge) {
        ConfigSpace config = config(directory, address);
        int classCode = number(directory.resolve("class"), 0xff_ffff, config.classCode());
        return new PciFunction(
                address,
                number(directory.resolve("vendor"), 0xffff, config.vendor()),
                number(directory.resolve("device"), 0xffff, config.device()),
                classCode,
                kind(config, classCode, upstream),
                upstream,
                hostBridge,
                config.acs(),
                memory(directory.resolve("p2pmem"), address));
    }

    private ConfigSpace config(Path directory, PciAddress address) {
        byte[] bytes = SysfsFiles.bytes(directory.resolve("config"));
        ConfigSpace config = new ConfigSpace(bytes == null ? new byte[0] : bytes);
        if (bytes == null) {
            remarks.add("config of %s cannot be read".formatted(address));
        } else if (bytes.length == 64) {
            shortConfigs.add(address);
        } else if (bytes.length < 256) {
            remarks.add("config of %s has %d bytes".formatted(address, bytes.length));
        } else if (!config.answers()) {
            remarks.add("%s does not answer: config is all ones".formatted(address));
        }
        return config;
    }

    /** The attribute, in hexadecimal digits; what {@code config} says when that is not to be had. */
    private int number(Path file, int max, int otherwise) {
        String text = SysfsFiles.text(file);
        if (text == null) {
            return otherwise;
        }
        try {
            int value = Integer.decode(text);
            if (value >= 0 && value <= max) {
                return value;
            }
        } catch (NumberFormatException garbage) {
            // Remarked below.
        }
        remarks.add("%s holds '%s', not a number of that kind".formatted(file, excerpt(text)));
        return otherwise;
    }

    private PciFunction.@Nullable Memory memory(Path group, PciAddress address) {
        PciFunction.Memory memory = handedIn.get(address);
        if (memory != null) {
            return memory;
        }
        if (!SysfsFiles.exists(group)) {
            return null;
        }
        long bytes = bytes(group.resolve("size"));
        long available = bytes(group.resolve("available"));
        String published = SysfsFiles.text(group.resolve("published"));
        if (bytes <= 0 || available < 0 || published == null) {
            remarks.add("p2pmem of %s has no size, available or published".formatted(address));
            return null;
        }
        return new PciFunction.Memory(bytes, Math.min(available, bytes), published.equals("1"));
    }

    private long bytes(Path file) {
        String text = SysfsFiles.text(file);
        try {
            return text == null ? -1 : Long.parseLong(text);
        } catch (NumberFormatException garbage) {
            remarks.add("%s holds '%s', not a number".formatted(file, excerpt(text)));
            return -1;
        }
    }

    private static String excerpt(@Nullable String text) {
        String line = String.valueOf(text).replaceAll("\\p{Cntrl}", "?");
        return line.length() <= 20 ? line : line.substring(0, 20) + "...";
    }

    /** By the Device/Port Type (PCI Express Base, PCI Express Capabilities Register), else by the class. */
    private static Kind kind(ConfigSpace config, int classCode, @Nullable PciFunction upstream) {
        Integer portType = config.portType();
        if (portType != null && portType >= 4 && portType <= 8) {
            return switch (portType) {
                case 4 -> Kind.ROOT_PORT;
                case 5 -> Kind.UPSTREAM_PORT;
                case 6 -> Kind.DOWNSTREAM_PORT;
                default -> Kind.BRIDGE;
            };
        }
        return switch (classCode >> 8) {
            case HOST_BRIDGE_CLASS -> Kind.HOST_BRIDGE;
            case BRIDGE_CLASS -> config.seesCapabilities() ? Kind.BRIDGE : bridgeBelow(upstream);
            default -> Kind.ENDPOINT;
        };
    }

    /** A guess where the type cannot be seen: what stands there in every PCI Express hierarchy. */
    private static Kind bridgeBelow(@Nullable PciFunction upstream) {
        if (upstream == null) {
            return Kind.ROOT_PORT;
        }
        return switch (upstream.kind()) {
            case ROOT_PORT, DOWNSTREAM_PORT -> Kind.UPSTREAM_PORT;
            case UPSTREAM_PORT -> Kind.DOWNSTREAM_PORT;
            default -> Kind.BRIDGE;
        };
    }

    /** The kernel's rule: the first processor is of AMD and of family 17h or later. */
    private boolean isZen() {
        Path real = SysfsFiles.real(root);
        Path file = PciTree.SYSFS.equals(real) ? Path.of("/proc/cpuinfo") : root.resolve("cpuinfo");
        String text = SysfsFiles.text(file);
        if (text == null) {
            remarks.add(
                    file
                            + " cannot be read: the processor is taken for one that does not route between root ports");
            return false;
        }
        boolean amd = false;
        int family = 0;
        for (String line : text.lines().takeWhile(line -> !line.isBlank()).toList()) {
            String[] pair = line.split(":", 2);
            if (pair.length == 2 && pair[0].strip().equals("vendor_id")) {
                amd = pair[1].strip().equals("AuthenticAMD");
            } else if (pair.length == 2 && pair[0].strip().equals("cpu family")) {
                family = family(pair[1].strip());
            }
        }
        return amd && family >= 0x17;
    }

    private static int family(String text) {
        try {
            return Integer.parseInt(text);
        } catch (NumberFormatException garbage) {
            return 0;
        }
    }
}
