package org.jnvmet.configfs.model;

import org.jspecify.annotations.Nullable;

/** Prints values as attributes show them, without the final newline. */
final class Show {
    private static final int SERIAL_CHARS = 20;

    private Show() {}

    static String bool(boolean value) {
        return value ? "1" : "0";
    }

    /** {@code 0x2a}. */
    static String hex(int value) {
        return "0x" + Integer.toHexString(value);
    }

    /** {@code 0x00002a}. */
    static String oui(int value) {
        return "0x%06x".formatted(value);
    }

    /** {@code 2.1}, or {@code 1.2.1} when there is a tertiary number. */
    static String version(int version) {
        int tertiary = version & 0xff;
        String shown = (version >>> 16) + "." + (version >>> 8 & 0xff);
        return tertiary == 0 ? shown : shown + "." + tertiary;
    }

    /** Padded with blanks, as on the wire. */
    static String serial(String serial) {
        return serial + " ".repeat(SERIAL_CHARS - serial.length());
    }

    static String path(@Nullable String path) {
        return path == null ? "(null)" : path;
    }
}
