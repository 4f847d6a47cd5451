package org.jnvmet.app.bench;

import org.jnvmet.app.console.ByteCount;

/**
 * How much a job may do at most, for each direction alone; 0 for no limit.
 *
 * @param read reads
 * @param write writes
 * @param trim trims
 */
record Rates(long read, long write, long trim) {
    static final Rates UNLIMITED = new Rates(0, 0, 0);

    /**
     * One size for all directions, or one each for read, write and trim, separated by commas, of which any may be
     * missing.
     *
     * @throws IllegalArgumentException when it is none of these
     */
    static Rates parse(String text) {
        String[] parts = text.split(",", -1);
        if (parts.length > 3) {
            throw new IllegalArgumentException("'" + text + "' has more than 3 rates");
        }
        long[] rates = new long[3];
        for (int i = 0; i < parts.length; i++) {
            if (!parts[i].isEmpty()) {
                rates[i] = ByteCount.parse(parts[i]);
                if (rates[i] == 0) {
                    throw new IllegalArgumentException("a rate of 0 never gets anywhere");
                }
            }
        }
        if (parts.length == 1) {
            return new Rates(rates[0], rates[0], rates[0]);
        }
        return new Rates(rates[0], rates[1], parts.length == 2 ? rates[1] : rates[2]);
    }

    long of(Direction direction) {
        return switch (direction) {
            case READ -> read;
            case WRITE -> write;
            case TRIM -> trim;
        };
    }

    boolean limited() {
        return read + write + trim > 0;
    }
}
