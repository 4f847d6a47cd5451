package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Controller List (Base, same title): a count and ascending identifiers. */
public final class ControllerList extends Struct<ControllerList> {
    /** Bytes of a list. */
    public static final int BYTES = 4096;

    /** Most identifiers of a list. */
    public static final int CAPACITY = BYTES / 2 - 1;

    public static final Field COUNT = number(0, 2);

    private static final Field FIRST = number(2, 2);

    public ControllerList() {
        super(BYTES);
    }

    @Override
    protected ControllerList self() {
        return this;
    }

    public int controllerId(int index) {
        return getInt(FIRST.element(index, 2));
    }

    /** Writes the identifier at {@code index}; an index beyond the list throws. */
    public ControllerList controllerId(int index, int controllerId) {
        if (index < 0 || index >= CAPACITY) {
            throw new IndexOutOfBoundsException("a controller list has no entry " + index);
        }
        return set(FIRST.element(index, 2), controllerId);
    }
}
