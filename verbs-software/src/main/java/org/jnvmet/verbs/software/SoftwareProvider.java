package org.jnvmet.verbs.software;

import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;

/** The two parts of a fabric that users see. Any thread. */
final class SoftwareProvider extends VerbsProvider {
    private final SoftwareManager manager;
    private final SoftwareVerbs verbs;

    SoftwareProvider(Network network) {
        manager = new SoftwareManager(network);
        verbs = new SoftwareVerbs(network);
    }

    @Override
    public ConnectionManager openCm() {
        return manager;
    }

    @Override
    public Verbs openVerbs() {
        return verbs;
    }
}
