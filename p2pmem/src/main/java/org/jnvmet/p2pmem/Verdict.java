package org.jnvmet.p2pmem;

import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * What the self-check found, or the kernel has said since, of a provider's memory and a namespace's medium.
 *
 * @param reason why it must not be used; null: it has proved itself
 * @param lasting whether another try would find the same
 * @param sentence what was seen, for people
 */
record Verdict(@Nullable FallBack reason, boolean lasting, String sentence) {
    /** The kernel refused direct I/O between the two. */
    static Verdict refused(PciAddress provider, Medium medium, int errno) {
        return new Verdict(
                FallBack.REFUSED,
                true,
                "the kernel refuses direct I/O between %s and %s: %s"
                        .formatted(provider, medium.namespace(), Errno.of(errno)));
    }

    boolean isWorthAnotherTry() {
        return reason != null && !lasting;
    }

    boolean passed() {
        return reason == null;
    }
}
