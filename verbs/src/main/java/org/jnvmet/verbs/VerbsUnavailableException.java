package org.jnvmet.verbs;

import java.io.IOException;

/** There is no RDMA on this machine; the message is one sentence that says what to install or to load. */
public final class VerbsUnavailableException extends IOException {
    public VerbsUnavailableException(String sentence) {
        super(sentence);
    }
}
