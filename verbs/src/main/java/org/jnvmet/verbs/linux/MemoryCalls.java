package org.jnvmet.verbs.linux;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCRegMr;
import java.io.IOException;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.Verbs;
import org.jspecify.annotations.Nullable;

/** Registration as DiSNI's users know it. */
final class MemoryCalls {
    private MemoryCalls() {}

    /** Registers with each call. */
    static final class Register extends SVCRegMr {
        private final Verbs verbs;
        private final IbvPd domain;
        private final long address;
        private final int bytes;
        private final int access;
        private @Nullable MemoryRegion region;

        Register(Verbs verbs, IbvPd domain, long address, int bytes, int access) {
            this.verbs = verbs;
            this.domain = domain;
            this.address = address;
            this.bytes = bytes;
            this.access = access;
        }

        @Override
        public SVCRegMr execute() throws IOException {
            region = verbs.registerMemory(domain, address, bytes, access);
            return this;
        }

        @Override
        @SuppressWarnings("NullAway") // null before the first call, as DiSNI's users know it
        public IbvMr getMr() {
            return region;
        }

        @Override
        public boolean isValid() {
            return true;
        }

        @Override
        public SVCRegMr free() {
            return this;
        }
    }

    /** Deregisters. */
    static final class Deregister extends SVCDeregMr {
        private final Verbs verbs;
        private final MemoryRegion region;

        Deregister(Verbs verbs, MemoryRegion region) {
            this.verbs = verbs;
            this.region = region;
        }

        @Override
        public SVCDeregMr execute() throws IOException {
            verbs.deregister(region);
            return this;
        }

        @Override
        public boolean isValid() {
            return region.isOpen();
        }

        @Override
        public SVCDeregMr free() {
            return this;
        }
    }
}
