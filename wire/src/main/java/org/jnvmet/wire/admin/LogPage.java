package org.jnvmet.wire.admin;

/** Log page identifiers (Base, Log Page Identifiers). */
public final class LogPage {
    public static final int SUPPORTED_PAGES = 0x00;
    public static final int ERROR = 0x01;
    public static final int SMART = 0x02;
    public static final int FIRMWARE_SLOT = 0x03;
    public static final int CHANGED_NAMESPACES = 0x04;
    public static final int COMMAND_EFFECTS = 0x05;
    public static final int DEVICE_SELF_TEST = 0x06;
    public static final int ENDURANCE_GROUP = 0x09;
    public static final int ANA = 0x0c;
    public static final int PERSISTENT_EVENT = 0x0d;
    public static final int FEATURE_EFFECTS = 0x12;
    public static final int DISCOVERY = 0x70;
    public static final int RESERVATION_NOTIFICATION = 0x80;

    private LogPage() {}
}
