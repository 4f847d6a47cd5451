package org.jnvmet.app.nvme;

import java.math.BigDecimal;
import java.math.RoundingMode;

/** Bytes in decimal units, as nvme-cli shows sizes: {@code 1.07  GB}. */
final class DecimalSize {
    private static final String[] PREFIXES = {"", "k", "M", "G", "T", "P", "E", "Z", "Y", "R", "Q"};
    private static final int DECIMALS = 2;

    private final String number;
    private final String unit;

    private DecimalSize(BigDecimal bytes) {
        int power = 0;
        BigDecimal value = bytes;
        while (value.compareTo(BigDecimal.valueOf(1000)) >= 0 && power < PREFIXES.length - 1) {
            value = value.movePointLeft(3);
            power++;
        }
        number = value.setScale(DECIMALS, RoundingMode.HALF_EVEN).toPlainString();
        unit = PREFIXES[power] + "B";
    }

    static String of(BigDecimal bytes) {
        DecimalSize size = new DecimalSize(bytes);
        return size.number + " " + size.unit;
    }

    /** In columns of a table. */
    static String column(long bytes) {
        DecimalSize size = new DecimalSize(new BigDecimal(Long.toUnsignedString(bytes)));
        return "%6s %3s".formatted(size.number, size.unit);
    }
}
