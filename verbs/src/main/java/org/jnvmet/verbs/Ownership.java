package org.jnvmet.verbs;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaProvider;
import com.ibm.disni.verbs.RdmaVerbs;
import java.io.IOException;
import java.lang.reflect.Field;
import org.jspecify.annotations.Nullable;

/**
 * Whose an object of DiSNI's is. Each of DiSNI's constructors asks the process's one provider for its
 * calls, which is made with DiSNI's native library or not at all; this takes its place, and answers with
 * the provider that is just making the object. There may be several in one process.
 */
final class Ownership extends RdmaProvider {
    private static final ThreadLocal<@Nullable VerbsProvider> MAKER = new ThreadLocal<>();

    static {
        try {
            Field provider = RdmaProvider.class.getDeclaredField("provider");
            provider.setAccessible(true);
            provider.set(null, new Ownership());
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e); // another release of DiSNI
        }
    }

    private Ownership() {}

    static <T> T of(VerbsProvider maker, VerbsProvider.Construction<T> construction)
            throws IOException {
        VerbsProvider outer = MAKER.get();
        MAKER.set(maker);
        try {
            return construction.run();
        } finally {
            MAKER.set(outer);
        }
    }

    private static VerbsProvider maker() throws IOException {
        VerbsProvider maker = MAKER.get();
        if (maker == null) {
            throw new IOException("an object of DiSNI's is made outside VerbsProvider.make");
        }
        return maker;
    }

    @Override
    public RdmaCm openCm() throws IOException {
        return maker().openCm();
    }

    @Override
    public RdmaVerbs openVerbs() throws IOException {
        return maker().openVerbs();
    }

    @Override
    public int getVersion() {
        return 0;
    }
}
