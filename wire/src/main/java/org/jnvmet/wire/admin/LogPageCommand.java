package org.jnvmet.wire.admin;

import org.jnvmet.wire.Sqe;

/** Command dwords of Get Log Page (Base, Get Log Page command). */
public final class LogPageCommand {
    /** Offset of the log page identifier. */
    public static final int LID = Sqe.CDW10;

    /** Offset of the log specific parameter (bits 6:0) and RAE (bit 7). */
    public static final int LSP = Sqe.CDW10 + 1;

    /** Offset of the low half of the number of dwords, 0's based. */
    public static final int NUMDL = Sqe.CDW10 + 2;

    /** Offset of the high half of the number of dwords. */
    public static final int NUMDU = Sqe.CDW11;

    /** Offset of the log page offset, 8 bytes. */
    public static final int LPO = Sqe.CDW12;

    /** In command dword 14: the log page offset is an index of entries. */
    public static final int OFFSET_TYPE = 1 << 23;

    private static final int RETAIN_ASYNC_EVENT = 1 << 7;

    private LogPageCommand() {}

    /** The page; see {@link LogPage}. */
    public static int logId(Sqe sqe) {
        return sqe.u8(LID);
    }

    /** Log specific parameter. */
    public static int parameter(Sqe sqe) {
        return sqe.u8(LSP) & 0x7f;
    }

    /** Whether reading leaves the event that announced the page outstanding. */
    public static boolean retainAsyncEvent(Sqe sqe) {
        return (sqe.u8(LSP) & RETAIN_ASYNC_EVENT) != 0;
    }

    /** Bytes asked for, 4 to 16 GiB: both halves of the 0's based number of dwords. */
    public static long lengthBytes(Sqe sqe) {
        long dwords = ((long) sqe.u16(NUMDU) << 16 | sqe.u16(NUMDL)) + 1;
        return dwords * 4;
    }

    /** Where in the page to begin; unsigned 64 bits. */
    public static long offset(Sqe sqe) {
        return sqe.u64(LPO);
    }

    /** Whether {@link #offset} counts entries instead of bytes. */
    public static boolean offsetIsIndex(Sqe sqe) {
        return (sqe.cdw14() & OFFSET_TYPE) != 0;
    }

    /** Command set identifier. */
    public static int commandSet(Sqe sqe) {
        return sqe.cdw14() >>> 24;
    }

    /** Writes page, parameter, RAE, length and offset; {@code bytes} is a positive multiple of 4. */
    public static Sqe set(Sqe sqe, int logId, boolean retainAsyncEvent, long bytes, long offset) {
        long dwords = bytes / 4 - 1;
        if (bytes % 4 != 0 || dwords < 0 || dwords > 0xffff_ffffL) {
            throw new IllegalArgumentException("no log page read is " + bytes + " bytes long");
        }
        return sqe.u8(LID, logId)
                .u8(LSP, retainAsyncEvent ? RETAIN_ASYNC_EVENT : 0)
                .u16(NUMDL, (int) (dwords & 0xffff))
                .u16(NUMDU, (int) (dwords >>> 16))
                .u64(LPO, offset);
    }
}
