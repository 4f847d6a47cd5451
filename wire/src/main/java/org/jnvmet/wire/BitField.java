package org.jnvmet.wire;

/**
 * Some bits of a number: the one place that shifts and masks.
 *
 * @param shift position of the lowest bit
 * @param bits number of bits, 1 to 32
 */
public record BitField(int shift, int bits) {
    public BitField {
        if (shift < 0 || bits < 1 || bits > 32 || shift + bits > Long.SIZE) {
            throw new IllegalArgumentException("no field of " + bits + " bits at " + shift);
        }
    }

    /** The field's value in {@code number}. */
    public int of(long number) {
        return (int) (number >>> shift & mask());
    }

    /** Whether the field's value in {@code number} is not 0. */
    public boolean isSet(long number) {
        return of(number) != 0;
    }

    /**
     * {@code value} at the field's place, all other bits 0; to be combined by or.
     *
     * @throws IllegalArgumentException when the value does not fit
     */
    public long put(long value) {
        if ((value & ~mask()) != 0) {
            throw new IllegalArgumentException("%x does not fit %d bits".formatted(value, bits));
        }
        return value << shift;
    }

    /** {@code number} with the field's bits replaced by {@code value}. */
    public long replace(long number, long value) {
        return (number & ~(mask() << shift)) | put(value);
    }

    private long mask() {
        return (1L << bits) - 1;
    }
}
