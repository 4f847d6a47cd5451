package org.jnvmet.app;

import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.spi.Staging;

/**
 * Reads settings as the staging of the real target does, and stages nothing: in a rehearsal no memory is mapped,
 * nothing is counted and no port or namespace is heard of.
 *
 * @param judge the real one; not closed with this
 */
record RehearsedStaging(Staging judge) implements Staging {
    @Override
    public PeerMemory parse(String text) {
        return judge.parse(text);
    }
}
