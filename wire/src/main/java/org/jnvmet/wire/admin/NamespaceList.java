package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/**
 * Namespace List (Base, same title): ascending identifiers, ended by 0 when not full. Also the
 * Changed Attached Namespace List log page.
 */
public final class NamespaceList extends Struct<NamespaceList> {
    /** Bytes of a list. */
    public static final int BYTES = 4096;

    /** Most identifiers of a list. */
    public static final int CAPACITY = BYTES / 4;

    /** First and only entry of a changed-namespace list that overflowed. */
    public static final int ALL = 0xffff_ffff;

    private static final Field FIRST = number(0, 4);

    public NamespaceList() {
        super(BYTES);
    }

    @Override
    protected NamespaceList self() {
        return this;
    }

    public int nsid(int index) {
        return getInt(FIRST.element(index, 4));
    }

    /** Writes the identifier at {@code index}; an index beyond the list throws. */
    public NamespaceList nsid(int index, int nsid) {
        if (index < 0 || index >= CAPACITY) {
            throw new IndexOutOfBoundsException("a namespace list has no entry " + index);
        }
        return set(FIRST.element(index, 4), Integer.toUnsignedLong(nsid));
    }

    /** Identifiers before the first 0. */
    public int count() {
        int count = 0;
        while (count < CAPACITY && nsid(count) != 0) {
            count++;
        }
        return count;
    }
}
