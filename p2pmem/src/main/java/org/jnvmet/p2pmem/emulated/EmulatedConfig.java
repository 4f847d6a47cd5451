package org.jnvmet.p2pmem.emulated;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** The configuration space of an emulated function, as far as anybody looks at it. */
final class EmulatedConfig {
    private static final int BYTES = 4096;
    private static final int CONVENTIONAL_BYTES = 256;

    // PCI Local Bus, Configuration Space Header.
    private static final int STATUS = 0x06;
    private static final int CLASS_CODE = 0x09;
    private static final int HEADER_TYPE = 0x0e;
    private static final int CAPABILITIES = 0x34;
    private static final int HAS_CAPABILITIES = 1 << 4;

    // PCI Express Base, PCI Express Capability Structure. A power management capability precedes
    // it.
    private static final int POWER_MANAGEMENT = 0x40;
    private static final int PCI_EXPRESS = 0x80;

    // PCI Express Base, Extended Capabilities: Advanced Error Reporting, then Access Control
    // Services.
    private static final int ERROR_REPORTING = 0x100;
    private static final int ACS = 0x148;
    private static final int VERSION_1 = 1 << 16;

    private final ByteBuffer space;
    private final boolean express;
    private int visible;

    /** A function with that Device/Port Type; -1: without the capability. */
    EmulatedConfig(int portType) {
        express = portType >= 0;
        visible = express ? BYTES : CONVENTIONAL_BYTES;
        space = ByteBuffer.allocate(BYTES).order(ByteOrder.LITTLE_ENDIAN);
        space.putShort(STATUS, (short) HAS_CAPABILITIES);
        space.put(CAPABILITIES, (byte) POWER_MANAGEMENT);
        space.put(POWER_MANAGEMENT, (byte) 0x01);
        if (express) {
            space.put(POWER_MANAGEMENT + 1, (byte) PCI_EXPRESS);
            space.put(PCI_EXPRESS, (byte) 0x10);
            space.putShort(PCI_EXPRESS + 2, (short) (portType << 4 | 2));
            space.putInt(ERROR_REPORTING, VERSION_1 | 0x0001);
        }
    }

    void ids(int vendor, int device) {
        space.putShort(0, (short) vendor).putShort(2, (short) device);
    }

    void classCode(int code) {
        space.put(CLASS_CODE, (byte) code);
        space.putShort(CLASS_CODE + 1, (short) (code >> 8));
        space.put(HEADER_TYPE, (byte) (code >> 8 == 0x0604 ? 1 : 0));
    }

    void acs(int control) {
        if (!express) {
            throw new IllegalStateException("Access Control Services need PCI Express");
        }
        space.putInt(ERROR_REPORTING, ACS << 20 | VERSION_1 | 0x0001);
        space.putInt(ACS, VERSION_1 | 0x000d);
        space.putShort(ACS + 4, (short) 0x7f);
        space.putShort(ACS + 6, (short) control);
    }

    void visible(int bytes) {
        visible = bytes;
    }

    byte[] bytes() {
        byte[] bytes = new byte[visible];
        space.get(0, bytes);
        return bytes;
    }
}
