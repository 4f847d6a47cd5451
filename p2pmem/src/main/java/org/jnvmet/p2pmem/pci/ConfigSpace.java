package org.jnvmet.p2pmem.pci;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * What the file {@code config} holds of a function's configuration space: 4,096 bytes of a PCI Express
 * function, 256 of a conventional one, 64 without privileges. Whatever it holds, no method fails.
 */
final class ConfigSpace {
    private static final int HEADER_BYTES = 64;
    private static final int CONVENTIONAL_BYTES = 256;

    // PCI Local Bus, Configuration Space Header and Capabilities List.
    private static final int STATUS = 0x06;
    private static final int HAS_CAPABILITIES = 1 << 4;
    private static final int CAPABILITIES = 0x34;
    private static final int PCI_EXPRESS = 0x10;

    // PCI Express Base, Access Control Services Extended Capability.
    private static final int ACS = 0x000d;
    private static final int ACS_CONTROL = 6;

    private final ByteBuffer space;

    ConfigSpace(byte[] bytes) {
        space = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    int bytes() {
        return space.limit();
    }

    /** Whether the function answered: one that is gone or asleep reads as all ones. */
    boolean answers() {
        return u32(0) != 0xffff_ffff;
    }

    /** Whether a capability that is not found is not there. */
    boolean seesCapabilities() {
        return bytes() >= CONVENTIONAL_BYTES && answers();
    }

    /** Vendor identifier, -1 where unknown. */
    int vendor() {
        return u16(0);
    }

    /** Device identifier, -1 where unknown. */
    int device() {
        return u16(2);
    }

    /** 24 bits, -1 where unknown. */
    int classCode() {
        return bytes() < HEADER_BYTES ? -1 : u32(8) >>> 8;
    }

    /** Device/Port Type of the PCI Express capability; null: there is none, or it cannot be seen. */
    @Nullable Integer portType() {
        int capability = capability(PCI_EXPRESS);
        return capability == 0 ? null : u16(capability + 2) >> 4 & 0xf;
    }

    Acs acs() {
        if (!seesCapabilities()) {
            return new Acs(Acs.State.UNREADABLE, 0);
        }
        int at = CONVENTIONAL_BYTES;
        // Each capability takes four bytes at least: more steps than that walk in circles.
        for (int steps = bytes() / 4; at >= CONVENTIONAL_BYTES && steps > 0; steps--) {
            if (at + 4 > bytes() || u32(at) == 0 || u32(at) == 0xffff_ffff) {
                break;
            }
            if ((u32(at) & 0xffff) == ACS) {
                return at + ACS_CONTROL + 2 > bytes()
                        ? new Acs(Acs.State.UNREADABLE, 0)
                        : new Acs(Acs.State.PRESENT, u16(at + ACS_CONTROL));
            }
            at = u32(at) >>> 20 & ~3;
        }
        return new Acs(Acs.State.ABSENT, 0);
    }

    /** Offset of a capability of the first 256 bytes, 0: none. */
    private int capability(int id) {
        if (!seesCapabilities() || (u16(STATUS) & HAS_CAPABILITIES) == 0) {
            return 0;
        }
        int at = u8(CAPABILITIES) & ~3;
        for (int steps = CONVENTIONAL_BYTES / 4; at >= HEADER_BYTES && steps > 0; steps--) {
            if (u8(at) == id) {
                return at;
            }
            at = u8(at + 1) & ~3;
        }
        return 0;
    }

    private int u8(int at) {
        return Byte.toUnsignedInt(space.get(at));
    }

    private int u16(int at) {
        return at + 2 > bytes() ? -1 : Short.toUnsignedInt(space.getShort(at));
    }

    private int u32(int at) {
        return at + 4 > bytes() ? -1 : space.getInt(at);
    }
}
