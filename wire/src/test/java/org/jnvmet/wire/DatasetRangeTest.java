package org.jnvmet.wire;

import static org.jnvmet.wire.DatasetRange.BLOCKS;
import static org.jnvmet.wire.DatasetRange.CONTEXT_ATTRIBUTES;
import static org.jnvmet.wire.DatasetRange.STARTING_LBA;

import org.junit.jupiter.api.Test;

/** Golden bytes of {@link DatasetRange}. */
class DatasetRangeTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0708 090a 0b0c 0d0e 0f10
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(DatasetRange.BYTES, BYTES_OF_THE_STANDARD)
                .with(CONTEXT_ATTRIBUTES, 0x4030201)
                .with(BLOCKS, 0x8070605)
                .with(STARTING_LBA, 0x100f0e0d0c0b0a09L)
                .verify(new DatasetRange());
    }
}
