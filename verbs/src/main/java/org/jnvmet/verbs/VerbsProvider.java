package org.jnvmet.verbs;

import com.ibm.disni.verbs.RdmaProvider;
import java.io.IOException;

/**
 * A way to do RDMA. Its two parts are used directly; DiSNI's own way to find a provider, a static field
 * that only its native library can fill, is not. Any thread.
 */
public abstract class VerbsProvider extends RdmaProvider implements AutoCloseable {
    @Override
    public abstract ConnectionManager openCm();

    @Override
    public abstract Verbs openVerbs();

    /** Of no meaning here. */
    @Override
    public final int getVersion() {
        return 0;
    }

    /** All that came from it is destroyed already. */
    @Override
    public void close() {}

    /** Makes an object of DiSNI's that belongs to this provider. */
    public final <T> T make(Construction<T> construction) throws IOException {
        return Ownership.of(this, construction);
    }

    /** Calls a constructor. */
    @FunctionalInterface
    public interface Construction<T> {
        T run() throws IOException;
    }
}
