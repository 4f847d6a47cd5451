package org.jnvmet.transport.rdma;

import java.io.IOException;
import org.jnvmet.verbs.VerbsProvider;

/** Where RDMA comes from. Asked when the first port wants to listen, and again as long as it fails. */
@FunctionalInterface
public interface VerbsSource {
    /**
     * The provider, which the asker closes.
     *
     * @throws org.jnvmet.verbs.VerbsUnavailableException when there is no RDMA on this machine, with the sentence
     *     that says what is missing
     */
    VerbsProvider open() throws IOException;
}
