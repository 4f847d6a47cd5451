package org.jnvmet.wire.admin;

/**
 * Asynchronous events: dword 0 of the completion (type in bits 2:0, information in 15:8, log page in
 * 23:16) and the bits that enable them in OAES and in the feature Asynchronous Event Configuration.
 */
public final class AsyncEvent {
    public static final int TYPE_ERROR = 0;
    public static final int TYPE_SMART = 1;
    public static final int TYPE_NOTICE = 2;
    public static final int TYPE_IO_COMMAND_SET = 6;

    /** Enables {@link #NAMESPACE_ATTRIBUTE_CHANGED}. */
    public static final int ENABLE_NAMESPACE_ATTRIBUTE = 1 << 8;

    /** Enables notices of firmware activation. */
    public static final int ENABLE_FIRMWARE_ACTIVATION = 1 << 9;

    /** Enables {@link #ANA_CHANGE}. */
    public static final int ENABLE_ANA_CHANGE = 1 << 11;

    /** Enables {@link #DISCOVERY_CHANGE}. */
    public static final int ENABLE_DISCOVERY_CHANGE = 1 << 31;

    public static final int NAMESPACE_ATTRIBUTE_CHANGED =
            dword0(TYPE_NOTICE, 0x00, LogPage.CHANGED_NAMESPACES);
    public static final int ANA_CHANGE = dword0(TYPE_NOTICE, 0x03, LogPage.ANA);
    public static final int DISCOVERY_CHANGE = dword0(TYPE_NOTICE, 0xf0, LogPage.DISCOVERY);
    public static final int RESERVATION_LOG_AVAILABLE =
            dword0(TYPE_IO_COMMAND_SET, 0x00, LogPage.RESERVATION_NOTIFICATION);

    private AsyncEvent() {}

    /** Dword 0 of the completion that reports an event. */
    public static int dword0(int type, int information, int logPage) {
        return type | information << 8 | logPage << 16;
    }

    public static int type(int dword0) {
        return dword0 & 7;
    }

    public static int information(int dword0) {
        return dword0 >>> 8 & 0xff;
    }

    /** The page whose reading clears the event; see {@link LogPage}. */
    public static int logPage(int dword0) {
        return dword0 >>> 16 & 0xff;
    }
}
