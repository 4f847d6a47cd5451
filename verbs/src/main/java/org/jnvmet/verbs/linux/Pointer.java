package org.jnvmet.verbs.linux;

import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.verbs.VerbsException;

/** Address of a structure of the libraries', until that is destroyed. Any thread. */
final class Pointer {
    private final AtomicLong address;
    private final String what;

    /** @param what the structure's name in C */
    Pointer(String what, long address) {
        this.what = what;
        this.address = new AtomicLong(address);
    }

    /** @throws IllegalStateException when the structure is destroyed: better than the crash that would follow */
    long get() {
        long present = address.get();
        if (present == 0) {
            throw new IllegalStateException(what + " is destroyed");
        }
        return present;
    }

    /** Ends it: the address, for the last time. */
    long take() {
        long present = address.getAndSet(0);
        if (present == 0) {
            throw new IllegalStateException(what + " is destroyed");
        }
        return present;
    }

    /**
     * Destroys the structure. It stays when the library says so (EBUSY: something uses it still), and is
     * gone when its device is.
     */
    void destroy(NativeFunction function) throws VerbsException {
        long present = take();
        try {
            function.check(function.call(present));
        } catch (VerbsException e) {
            if (e.errno() == Errno.EIO.number() || e.errno() == Errno.ENODEV.number()) {
                return; // the kernel has destroyed what there was with the device
            }
            address.set(present);
            throw e;
        }
    }
}
