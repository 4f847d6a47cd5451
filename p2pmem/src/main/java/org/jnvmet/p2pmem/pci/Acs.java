package org.jnvmet.p2pmem.pci;

/**
 * Access Control Services of a function (PCI Express Base, Access Control Services): the extended
 * capability 000Dh of its configuration space.
 *
 * @param state whether it has the capability, as far as could be read
 * @param control the control register, 0 without the capability
 */
public record Acs(State state, int control) {
    /** What the configuration space says of the capability. */
    public enum State {
        ABSENT,
        PRESENT,
        /** Only the first 64 bytes could be read, as happens without privileges, or none. Counts as absent. */
        UNREADABLE
    }

    public static final int REQUEST_REDIRECT = 1 << 2;
    public static final int COMPLETION_REDIRECT = 1 << 3;
    public static final int EGRESS_CONTROL = 1 << 5;

    /** Whether peer-to-peer requests that meet this function are sent up to the root complex. */
    public boolean redirects() {
        return (control & (REQUEST_REDIRECT | COMPLETION_REDIRECT | EGRESS_CONTROL)) != 0;
    }

    /** The bits that redirect, in words: {@code "RR CR"}; empty when none is set. */
    public String redirectBits() {
        StringBuilder bits = new StringBuilder();
        append(bits, REQUEST_REDIRECT, "RR");
        append(bits, COMPLETION_REDIRECT, "CR");
        append(bits, EGRESS_CONTROL, "EC");
        return bits.toString();
    }

    private void append(StringBuilder bits, int bit, String name) {
        if ((control & bit) != 0) {
            bits.append(bits.isEmpty() ? "" : " ").append(name);
        }
    }
}
