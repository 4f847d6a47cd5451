package org.jnvmet.wire.fabrics;

import org.jnvmet.wire.Sqe;

/** Fields of the Connect command and of its completion (NVMe over Fabrics, Connect Command). */
public final class ConnectCommand {
    /** Offset of the record format, 2 bytes. */
    public static final int RECFMT = 40;

    /** Offset of the queue identifier, 2 bytes. */
    public static final int QID = 42;

    /** Offset of the submission queue size, 0's based, 2 bytes. */
    public static final int SQSIZE = 44;

    /** Offset of the connect attributes, 1 byte. */
    public static final int CATTR = 46;

    /** Offset of the keep alive time-out in milliseconds, 4 bytes. */
    public static final int KATO = 48;

    /** In {@link #CATTR}: SQ flow control is disabled. */
    public static final int DISABLE_SQ_FLOW_CONTROL = 1 << 2;

    /** In the result of a success: authentication is required. */
    public static final int AUTHENTICATION_REQUIRED = 1 << 17;

    /** In the result of a success: a secure channel is required. */
    public static final int SECURE_CHANNEL_REQUIRED = 1 << 18;

    private static final int IN_DATA = 1 << 16;

    private ConnectCommand() {}

    public static int recordFormat(Sqe sqe) {
        return sqe.u16(RECFMT);
    }

    public static int queueId(Sqe sqe) {
        return sqe.u16(QID);
    }

    /** Entries of the queue, 1 to 65,536: the 0's based field plus one. */
    public static int entries(Sqe sqe) {
        return sqe.u16(SQSIZE) + 1;
    }

    public static boolean flowControlDisabled(Sqe sqe) {
        return (sqe.u8(CATTR) & DISABLE_SQ_FLOW_CONTROL) != 0;
    }

    /** Keep alive time-out in milliseconds, 0 for none; unsigned 32 bits. */
    public static long keepAliveMs(Sqe sqe) {
        return Integer.toUnsignedLong(sqe.u32(KATO));
    }

    /** Result of a Connect refused for the byte of the entry at {@code offset}. */
    public static int invalidInEntry(int offset) {
        return offset;
    }

    /** Result of a Connect refused for the byte of its data at {@code offset}. */
    public static int invalidInData(int offset) {
        return offset | IN_DATA;
    }

    /** Invalid Parameter Offset of a refused Connect's result. */
    public static int invalidOffset(int dword0) {
        return dword0 & 0xffff;
    }

    /** Whether that offset is one of the data (IATTR). */
    public static boolean isInData(int dword0) {
        return (dword0 & IN_DATA) != 0;
    }

    /** Controller identifier of a successful Connect's result. */
    public static int controllerId(int dword0) {
        return dword0 & 0xffff;
    }
}
