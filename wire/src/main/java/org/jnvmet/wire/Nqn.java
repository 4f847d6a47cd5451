package org.jnvmet.wire;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** NVMe Qualified Names (Base, NVMe Qualified Names): their fields, limits and form. */
public final class Nqn {
    /** Most bytes of a name, in UTF-8. */
    public static final int MAX_BYTES = 223;

    /** Bytes of every field that carries a name. */
    public static final int FIELD_BYTES = 256;

    /** The well-known name of the discovery subsystem. */
    public static final String DISCOVERY = "nqn.2014-08.org.nvmexpress.discovery";

    private static final Pattern FORM =
            Pattern.compile("nqn\\.[0-9]{4}-(0[1-9]|1[0-2])\\.[A-Za-z0-9.-]+(:\\P{Cntrl}+)?");

    private Nqn() {}

    /**
     * Reads the name in the 256-byte field at {@code offset}; what follows its NUL is ignored. Null
     * when the name is empty, not terminated within its 223 bytes, or not UTF-8: a peer's mistake.
     */
    public static @Nullable String read(MemorySegment memory, long offset) {
        int length = 0;
        while (length <= MAX_BYTES && memory.get(Le.U8, offset + length) != 0) {
            length++;
        }
        if (length == 0 || length > MAX_BYTES) {
            return null;
        }
        byte[] bytes = new byte[length];
        MemorySegment.copy(memory, Le.U8, offset, bytes, 0, length);
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return null;
        }
    }

    /**
     * Writes the name into the 256-byte field at {@code offset} and zeroes the rest.
     *
     * @throws IllegalArgumentException when the name does not fit
     */
    public static void write(MemorySegment memory, long offset, String nqn) {
        if (!fits(nqn)) {
            throw new IllegalArgumentException("'" + nqn + "' is not 1 to 223 bytes long");
        }
        byte[] bytes = nqn.getBytes(StandardCharsets.UTF_8);
        memory.asSlice(offset, FIELD_BYTES).fill((byte) 0);
        MemorySegment.copy(bytes, 0, memory, Le.U8, offset, bytes.length);
    }

    /** Whether the name has 1 to 223 bytes and no NUL; all that must hold for it to travel. */
    public static boolean fits(String nqn) {
        return !nqn.isEmpty()
                && nqn.indexOf('\0') < 0
                && nqn.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
    }

    /** Whether the name also has the standard's form: {@code nqn.yyyy-mm.reverse.domain:anything}. */
    public static boolean isWellFormed(String nqn) {
        return fits(nqn) && FORM.matcher(nqn).matches();
    }
}
