package org.jnvmet.wire.admin;

import java.lang.foreign.MemorySegment;
import java.util.Objects;
import org.jnvmet.wire.Le;

/**
 * Namespace Identification Descriptor list (Base, same title; CNS 03h): type, length, identifier,
 * ended by a length of 0 or the end of its 4,096 bytes. A cursor: {@link #add} appends, {@link #next}
 * walks, never beyond the list whatever the lengths say.
 */
public final class NamespaceDescriptors {
    /** Bytes of the list. */
    public static final int BYTES = 4096;

    /** IEEE extended unique identifier, 8 bytes. */
    public static final int EUI64 = 1;

    /** Namespace globally unique identifier, 16 bytes. */
    public static final int NGUID = 2;

    /** UUID, 16 bytes in text order. */
    public static final int UUID = 3;

    /** Command set identifier, 1 byte. */
    public static final int CSI = 4;

    private static final int LENGTH = 1;
    private static final int HEADER = 4;

    private MemorySegment memory = MemorySegment.NULL;
    private long base;
    private int current;
    private int end;

    /** Points at a list, before its first descriptor. */
    public NamespaceDescriptors wrap(MemorySegment memory, long base) {
        Objects.checkFromIndexSize(base, BYTES, memory.byteSize());
        this.memory = memory;
        this.base = base;
        current = 0;
        end = 0;
        return this;
    }

    /** Appends a descriptor; the list's memory is expected to be zero behind it. */
    public NamespaceDescriptors add(int type, byte[] identifier) {
        if (end + HEADER + identifier.length > BYTES) {
            throw new IllegalArgumentException("the descriptor list is full");
        }
        memory.set(Le.U8, base + end, (byte) type);
        memory.set(Le.U8, base + end + LENGTH, (byte) identifier.length);
        memory.set(Le.U16, base + end + 2, (short) 0);
        MemorySegment.copy(identifier, 0, memory, Le.U8, base + end + HEADER, identifier.length);
        current = end;
        end += HEADER + identifier.length;
        return this;
    }

    /** Moves to the next descriptor; false at the end of the list or at one that exceeds it. */
    public boolean next() {
        if (end + HEADER > BYTES) {
            return false;
        }
        int length = Byte.toUnsignedInt(memory.get(Le.U8, base + end + LENGTH));
        if (length == 0 || end + HEADER + length > BYTES) {
            return false;
        }
        current = end;
        end += HEADER + length;
        return true;
    }

    /** Type of the current descriptor. */
    public int type() {
        return Byte.toUnsignedInt(memory.get(Le.U8, base + current));
    }

    /** Copy of the current descriptor's identifier. */
    public byte[] identifier() {
        byte[] identifier = new byte[end - current - HEADER];
        MemorySegment.copy(
                memory, Le.U8, base + current + HEADER, identifier, 0, identifier.length);
        return identifier;
    }
}
