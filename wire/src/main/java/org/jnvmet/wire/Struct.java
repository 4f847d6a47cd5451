package org.jnvmet.wire;

import java.lang.foreign.MemorySegment;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Objects;
import java.util.UUID;

/**
 * A structure of the standard as a view over memory. Subclasses list their fields as constants, one
 * line each, in the order of the standard; the constant carries offset and width, so that neither
 * is ever repeated at a use. For structures of the cold path (Identify, log pages, Connect);
 * entries and PDU headers have plain accessors instead.
 *
 * <p>The bounds are checked once, in {@link #wrap}. A view is re-wrapped, never re-created.
 *
 * @param <S> the structure itself, for chained calls
 */
public abstract class Struct<S extends Struct<S>> {
    private final int size;
    private MemorySegment memory = MemorySegment.NULL;
    private long base;

    /** A structure of {@code size} bytes. */
    protected Struct(int size) {
        this.size = size;
    }

    /** An unsigned little-endian number of 1, 2, 4, 8 or 16 bytes; of 16 the low 8 are accessible. */
    public record Field(int offset, int bytes) {
        public Field {
            if (Integer.bitCount(bytes) != 1 || bytes > 16) {
                throw new IllegalArgumentException("no number has " + bytes + " bytes");
            }
        }

        /** The same field of the {@code index}th of consecutive elements of {@code stride} bytes. */
        public Field element(int index, int stride) {
            return new Field(offset + index * stride, bytes);
        }
    }

    /** A text of fixed size, filled up with {@code pad}. */
    public record Text(int offset, int bytes, char pad) {}

    /** Bytes without numeric meaning: unique identifiers. */
    public record Raw(int offset, int bytes) {}

    protected static Field number(int offset, int bytes) {
        return new Field(offset, bytes);
    }

    /** An ASCII text, padded with blanks. */
    protected static Text ascii(int offset, int bytes) {
        return new Text(offset, bytes, ' ');
    }

    /** A text that ends at the first NUL. */
    protected static Text terminated(int offset, int bytes) {
        return new Text(offset, bytes, '\0');
    }

    protected static Raw raw(int offset, int bytes) {
        return new Raw(offset, bytes);
    }

    /** Returns {@code this} as its own type. */
    protected abstract S self();

    /**
     * Points this view at the bytes from {@code base} on.
     *
     * @throws IndexOutOfBoundsException when the structure does not fit behind {@code base}
     */
    public final S wrap(MemorySegment memory, long base) {
        Objects.checkFromIndexSize(base, size, memory.byteSize());
        this.memory = memory;
        this.base = base;
        return self();
    }

    /** Bytes of the structure. */
    public final int size() {
        return size;
    }

    protected final MemorySegment memory() {
        return memory;
    }

    protected final long base() {
        return base;
    }

    /** Zeroes the structure, reserved bytes included. */
    public final S clear() {
        memory.asSlice(base, size).fill((byte) 0);
        return self();
    }

    /** The number, zero-extended; of a 16-byte number the low 8 bytes. */
    public final long get(Field field) {
        long at = base + field.offset;
        return switch (field.bytes) {
            case 1 -> Byte.toUnsignedLong(memory.get(Le.U8, at));
            case 2 -> Short.toUnsignedLong(memory.get(Le.U16, at));
            case 4 -> Integer.toUnsignedLong(memory.get(Le.U32, at));
            default -> memory.get(Le.U64, at);
        };
    }

    /** The number in full, whatever its width. */
    public final BigInteger unsigned(Field field) {
        byte[] bytes = bytes(field.offset, field.bytes);
        byte[] bigEndian = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            bigEndian[i] = bytes[bytes.length - 1 - i];
        }
        return new BigInteger(1, bigEndian);
    }

    /** The number in an int: for fields of up to four bytes. */
    public final int getInt(Field field) {
        return (int) get(field);
    }

    /**
     * Writes the number.
     *
     * @throws IllegalArgumentException when {@code value} has bits beyond the field's width
     */
    public final S set(Field field, long value) {
        long at = base + field.offset;
        if (field.bytes < 8 && value >>> (field.bytes * 8) != 0) {
            throw new IllegalArgumentException(
                    "%x does not fit the %d bytes at offset %d"
                            .formatted(value, field.bytes, field.offset));
        }
        switch (field.bytes) {
            case 1 -> memory.set(Le.U8, at, (byte) value);
            case 2 -> memory.set(Le.U16, at, (short) value);
            case 4 -> memory.set(Le.U32, at, (int) value);
            default -> memory.set(Le.U64, at, value);
        }
        if (field.bytes == 16) {
            memory.set(Le.U64, at + 8, 0L);
        }
        return self();
    }

    /** The text up to the first NUL, without trailing blanks. */
    public final String get(Text text) {
        byte[] bytes = bytes(text.offset, text.bytes);
        int end = 0;
        while (end < bytes.length && bytes[end] != 0) {
            end++;
        }
        while (end > 0 && bytes[end - 1] == ' ') {
            end--;
        }
        return new String(bytes, 0, end, StandardCharsets.UTF_8);
    }

    /**
     * Writes the text and its padding.
     *
     * @throws IllegalArgumentException when the text is too long; a NUL-terminated one needs a NUL
     */
    public final S set(Text text, String value) {
        byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
        int room = text.pad == 0 ? text.bytes - 1 : text.bytes;
        if (bytes.length > room) {
            throw new IllegalArgumentException(
                    "'%s' is longer than %d bytes".formatted(value, room));
        }
        byte[] padded = Arrays.copyOf(bytes, text.bytes);
        Arrays.fill(padded, bytes.length, text.bytes, (byte) text.pad);
        return put(text.offset, padded);
    }

    /** A copy of the bytes. */
    public final byte[] get(Raw raw) {
        return bytes(raw.offset, raw.bytes);
    }

    /** Writes the bytes; {@code value} has exactly the field's length. */
    public final S set(Raw raw, byte[] value) {
        if (value.length != raw.bytes) {
            throw new IllegalArgumentException(
                    "%d bytes for a field of %d".formatted(value.length, raw.bytes));
        }
        return put(raw.offset, value);
    }

    /** A 16-byte identifier whose bytes are in the order of the UUID's text form. */
    public final UUID uuid(Raw raw) {
        return new UUID(bigEndian(raw.offset), bigEndian(raw.offset + 8));
    }

    /** Writes a 16-byte identifier in the order of the UUID's text form. */
    public final S uuid(Raw raw, UUID value) {
        memory.set(Le.U64, base + raw.offset, Long.reverseBytes(value.getMostSignificantBits()));
        memory.set(
                Le.U64, base + raw.offset + 8, Long.reverseBytes(value.getLeastSignificantBits()));
        return self();
    }

    private long bigEndian(int offset) {
        return Long.reverseBytes(memory.get(Le.U64, base + offset));
    }

    private byte[] bytes(int offset, int count) {
        byte[] bytes = new byte[count];
        MemorySegment.copy(memory, Le.U8, base + offset, bytes, 0, count);
        return bytes;
    }

    private S put(int offset, byte[] bytes) {
        MemorySegment.copy(bytes, 0, memory, Le.U8, base + offset, bytes.length);
        return self();
    }
}
