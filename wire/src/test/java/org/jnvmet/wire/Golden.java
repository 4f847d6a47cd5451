package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * The bytes of a structure as the standard has them, beside the value of each field. Every byte of
 * every field is different from its neighbours, so a field at a wrong offset or of a wrong width
 * shows.
 */
public final class Golden {
    private static final int GUARD = 8;
    private static final byte GUARD_BYTE = (byte) 0xa5;

    private final byte[] bytes;
    private final List<Value> values = new ArrayList<>();

    private Golden(byte[] bytes) {
        this.bytes = bytes;
    }

    private sealed interface Value {
        record Digits(Struct.Field field, long value) implements Value {}

        record Words(Struct.Text text, String value) implements Value {}

        record Bytes(Struct.Raw raw, String hex) implements Value {}
    }

    /** A structure of {@code size} bytes: lines of {@code offset: hex}, all else zero. */
    public static Golden of(int size, String dump) {
        return new Golden(parse(size, dump));
    }

    /** Bytes from lines of {@code offset: hex}; what no line mentions is zero. */
    public static byte[] parse(int size, String dump) {
        byte[] bytes = new byte[size];
        for (String line : dump.lines().toList()) {
            int colon = line.indexOf(':');
            int offset = Integer.parseInt(line, 0, colon, 16);
            byte[] hex = hex(line.substring(colon + 1));
            System.arraycopy(hex, 0, bytes, offset, hex.length);
        }
        return bytes;
    }

    /** Bytes from hexadecimal digits; blanks do not count. */
    public static byte[] hex(String digits) {
        return HexFormat.of().parseHex(digits.replaceAll("\\s", ""));
    }

    /** Hexadecimal digits of the first {@code length} bytes. */
    public static String hex(MemorySegment memory, int length) {
        return HexFormat.of().formatHex(memory.asSlice(0, length).toArray(Le.U8));
    }

    /** Native memory with these bytes, collected with it. */
    public static MemorySegment memory(byte[] bytes) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, Le.U8, 0, bytes.length);
        return memory;
    }

    public Golden with(Struct.Field field, long value) {
        values.add(new Value.Digits(field, value));
        return this;
    }

    public Golden with(Struct.Text text, String value) {
        values.add(new Value.Words(text, value));
        return this;
    }

    public Golden with(Struct.Raw raw, String hex) {
        values.add(new Value.Bytes(raw, hex));
        return this;
    }

    /** Writes and reads the structure amid guard bytes, and wraps it where it does not fit. */
    public <S extends Struct<S>> void verify(S struct) {
        writes(struct);
        reads(struct);
        MemorySegment tooShort = memory(new byte[bytes.length + 1]);
        assertThatThrownBy(() -> struct.wrap(tooShort, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    private <S extends Struct<S>> void writes(S struct) {
        MemorySegment memory = memory(new byte[bytes.length + 2 * GUARD]);
        memory.fill(GUARD_BYTE);
        struct.wrap(memory, GUARD).clear();
        for (Value value : values) {
            switch (value) {
                case Value.Digits(var field, var number) -> struct.set(field, number);
                case Value.Words(var text, var words) -> struct.set(text, words);
                case Value.Bytes(var raw, var hex) -> struct.set(raw, hex(hex));
            }
        }
        assertThat(memory.asSlice(GUARD, bytes.length).toArray(Le.U8)).isEqualTo(bytes);
        assertThat(memory.asSlice(0, GUARD).toArray(Le.U8)).containsOnly(GUARD_BYTE);
        assertThat(memory.asSlice(GUARD + bytes.length).toArray(Le.U8)).containsOnly(GUARD_BYTE);
    }

    private <S extends Struct<S>> void reads(S struct) {
        assertThat(struct.size()).isEqualTo(bytes.length);
        struct.wrap(memory(bytes), 0);
        for (Value value : values) {
            switch (value) {
                case Value.Digits(var field, var number) ->
                        assertThat(struct.get(field)).as("%s", field).isEqualTo(number);
                case Value.Words(var text, var words) ->
                        assertThat(struct.get(text)).as("%s", text).isEqualTo(words);
                case Value.Bytes(var raw, var hex) ->
                        assertThat(struct.get(raw)).as("%s", raw).isEqualTo(hex(hex));
            }
        }
    }
}
