package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** Identify I/O Command Set data structure (Base, same title; CNS 1Ch): combinations of command sets. */
public final class CommandSets extends Struct<CommandSets> {
    /** Bytes of the structure. */
    public static final int BYTES = 4096;

    /** In a combination: the NVM command set. */
    public static final long NVM = 1;

    /** First combination; the other 511 follow, 8 bytes each. */
    public static final Field COMBINATION0 = number(0, 8);

    public CommandSets() {
        super(BYTES);
    }

    @Override
    protected CommandSets self() {
        return this;
    }
}
