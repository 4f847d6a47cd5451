package org.jnvmet.transport;

/**
 * Work that a loop finds by looking, without a system call, such as that of completion queues. Called on
 * the loop's thread only; every method returns at once.
 */
public interface Poller {
    /** For loops all of whose work descriptors announce. */
    Poller NONE =
            new Poller() {
                @Override
                public boolean poll() {
                    return false;
                }

                @Override
                public boolean mayRest() {
                    return true;
                }
            };

    /** Does what there is to do, a bounded share of it at a time. False: there was nothing. */
    boolean poll();

    /**
     * The loop is about to sleep: from now on a descriptor has to announce work. False: there is some
     * already, it must be polled for first.
     */
    boolean mayRest();
}
