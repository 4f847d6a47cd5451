package org.jnvmet.p2pmem.pci;

import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Where a PCI function is: {@code dddd:bb:dd.f}, in lower-case hexadecimal digits as sysfs spells it.
 * Ordered as the kernel enumerates.
 *
 * @param domain 0 .. 0xffffffff; above 0xffff for VMD, of more than four digits
 * @param bus 0 .. 255
 * @param device 0 .. 31
 * @param function 0 .. 7
 */
public record PciAddress(int domain, int bus, int device, int function)
        implements Comparable<PciAddress> {
    private static final Pattern FORM =
            Pattern.compile("([0-9a-f]{4,8}):([0-9a-f]{2}):([01][0-9a-f])\\.([0-7])");

    private static final Comparator<PciAddress> ORDER =
            Comparator.<PciAddress>comparingLong(a -> Integer.toUnsignedLong(a.domain))
                    .thenComparingInt(PciAddress::bus)
                    .thenComparingInt(PciAddress::device)
                    .thenComparingInt(PciAddress::function);

    /** The address that sysfs spells so; null: it is none. */
    public static @Nullable PciAddress parse(String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return null;
        }
        return new PciAddress(
                Integer.parseUnsignedInt(matcher.group(1), 16),
                Integer.parseInt(matcher.group(2), 16),
                Integer.parseInt(matcher.group(3), 16),
                Integer.parseInt(matcher.group(4)));
    }

    @Override
    public int compareTo(PciAddress other) {
        return ORDER.compare(this, other);
    }

    @Override
    public String toString() {
        return "%04x:%02x:%02x.%d".formatted(domain, bus, device, function);
    }
}
