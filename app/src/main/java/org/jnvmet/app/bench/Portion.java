package org.jnvmet.app.bench;

import org.jnvmet.app.console.ByteCount;

/**
 * A part of a namespace, as {@code --size} names it.
 *
 * @param amount bytes, or the percentage
 * @param percent whether it is a percentage, 1 to 100
 */
record Portion(long amount, boolean percent) {
    static final Portion ALL = new Portion(100, true);

    /**
     * Reads a size or a percentage.
     *
     * @throws IllegalArgumentException when it is neither
     */
    static Portion parse(String text) {
        if (!text.endsWith("%")) {
            return new Portion(ByteCount.parse(text), false);
        }
        long value = ByteCount.parse(text.substring(0, text.length() - 1));
        if (value < 1 || value > 100) {
            throw new IllegalArgumentException("'" + text + "' is not within 1% .. 100%");
        }
        return new Portion(value, true);
    }

    long of(long whole) {
        return percent ? whole / 100 * amount + whole % 100 * amount / 100 : amount;
    }
}
