package org.jnvmet.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.target.spi.Backend;
import org.junit.jupiter.api.Test;

/** What a medium must do that outlives its close. */
public abstract class PersistentBackendConformance extends BackendConformance {
    /** Opens the medium of the last {@link #create} again. */
    protected abstract Backend reopen() throws Exception;

    @Test
    void keepsItsDataWhenReopened() throws Exception {
        byte[] pattern = pattern(1 << 20);
        write(BYTES / 2, pattern);
        succeeds(MediumOperation.flush());
        replace(this::reopen);
        assertThat(read(BYTES / 2, pattern.length)).isEqualTo(pattern);
    }
}
