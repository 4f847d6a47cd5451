package org.jnvmet.target;

/** A host that may be allowed to use subsystems: {@code hosts/<nqn>}. */
public final class Host {
    private final String nqn;

    /** Subsystems that allow this host; guarded by the target's lock. */
    int allowances;

    Host(String nqn) {
        this.nqn = nqn;
    }

    public String nqn() {
        return nqn;
    }

    @Override
    public String toString() {
        return "host " + nqn;
    }
}
