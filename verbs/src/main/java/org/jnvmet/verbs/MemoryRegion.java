package org.jnvmet.verbs;

import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import java.io.IOException;

/** Registered memory of any size; DiSNI's length is that of the first 2 GiB. */
public abstract class MemoryRegion extends IbvMr {
    private final long bytes;

    /** By what work requests name it, ours and those of the other side. */
    public record Keys(int local, int remote) {}

    /** For providers, in {@link VerbsProvider#make}. */
    protected MemoryRegion(
            IbvContext device, long address, long bytes, int access, Keys keys, int handle)
            throws IOException {
        super(
                device,
                address,
                (int) Math.min(bytes, Integer.MAX_VALUE),
                access,
                keys.local(),
                keys.remote(),
                handle);
        this.bytes = bytes;
    }

    public long bytes() {
        return bytes;
    }

    /** Whether these bytes lie in it, as our process addresses them. */
    public boolean contains(long address, long length) {
        return address >= getAddr() && length <= bytes && address - getAddr() <= bytes - length;
    }
}
