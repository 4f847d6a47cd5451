package org.jnvmet.host;

import org.jnvmet.wire.admin.AnaGroup;

/** Asymmetric Namespace Access state of a path (Base, ANA states). */
public enum AnaState {
    /** The path to prefer. */
    OPTIMIZED,
    /** Of use, but slower. */
    NON_OPTIMIZED,
    /** Not of use now. */
    INACCESSIBLE,
    /** Not of use any more. */
    PERSISTENT_LOSS,
    /** Between two states, for ANATT seconds at most. */
    CHANGE;

    /**
     * The state of a group descriptor.
     *
     * @throws ProtocolViolation when the standard knows no such state
     */
    static AnaState of(int state) {
        return switch (state) {
            case AnaGroup.OPTIMIZED -> OPTIMIZED;
            case AnaGroup.NON_OPTIMIZED -> NON_OPTIMIZED;
            case AnaGroup.INACCESSIBLE -> INACCESSIBLE;
            case AnaGroup.PERSISTENT_LOSS -> PERSISTENT_LOSS;
            case AnaGroup.CHANGE -> CHANGE;
            default -> throw new ProtocolViolation("ANA log: there is no ANA state " + state);
        };
    }

    /** Whether commands may be sent. */
    boolean accessible() {
        return this == OPTIMIZED || this == NON_OPTIMIZED;
    }
}
