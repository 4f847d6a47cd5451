package org.jnvmet.target;

import org.jspecify.annotations.Nullable;

/**
 * Whether data may be staged in PCI peer memory, and in which: the value of {@code p2pmem} and {@code
 * allow_p2pmem}.
 *
 * @param allowed whether it may
 * @param provider address of the function with the memory ({@code 0000:03:00.0}); null: whichever is nearest
 */
public record PeerMemory(boolean allowed, @Nullable String provider) {
    public static final PeerMemory OFF = new PeerMemory(false, null);
    public static final PeerMemory AUTO = new PeerMemory(true, null);

    /** In the memory of that function only. */
    public static PeerMemory of(String provider) {
        return new PeerMemory(true, provider);
    }

    /**
     * What {@code text}, which is no address, says. A digit counts only where no other character follows, so
     * that a mistyped address is not taken for {@code 0} or {@code 1}; else as {@link KernelBoolean}. Null:
     * it is no boolean.
     */
    public static @Nullable PeerMemory ofBoolean(String text) {
        if (text.length() > 1
                && (text.charAt(0) == '0' || text.charAt(0) == '1')
                && !isControl(text.charAt(1))) {
            return null;
        }
        Boolean allowed = KernelBoolean.parse(text);
        if (allowed == null) {
            return null;
        }
        return allowed ? AUTO : OFF;
    }

    /** ASCII only, as the kernel. */
    private static boolean isControl(char c) {
        return c < 0x20 || c == 0x7f;
    }

    /** The address, {@code 1} or {@code 0}. */
    @Override
    public String toString() {
        if (provider != null) {
            return provider;
        }
        return allowed ? "1" : "0";
    }
}
