package org.jnvmet.verbs.software;

import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.VerbsException;

/** Receives for many queue pairs. Any thread posts; the rest is under the lock of the network. */
final class SoftwareReceiveQueue extends SharedReceiveQueue {
    private final ProtectionDomain domain;
    private final ReceiveRing ring;
    private final long handle;
    private int queuePairs;
    private volatile boolean destroyed;

    SoftwareReceiveQueue(ProtectionDomain domain, int entries, int segments, long handle) {
        this.domain = domain;
        this.handle = handle;
        ring = new ReceiveRing(domain.device().network().worker(), entries, segments);
        domain.join();
    }

    @Override
    public long handle() {
        return handle;
    }

    ProtectionDomain domain() {
        return domain;
    }

    ReceiveRing ring() {
        return ring;
    }

    void join() {
        queuePairs++;
    }

    void leave() {
        queuePairs--;
    }

    int queuePairs() {
        return queuePairs;
    }

    void destroy() {
        destroyed = true;
        domain.leave();
    }

    /** Loops that share it post at the same time. */
    synchronized long post(long first) throws VerbsException {
        domain.device().network().step(Faults.Step.POST_RECEIVE, "ibv_post_srq_recv");
        if (destroyed) {
            throw new IllegalStateException("shared receive queue " + handle + " is destroyed");
        }
        return ring.post(first);
    }
}
