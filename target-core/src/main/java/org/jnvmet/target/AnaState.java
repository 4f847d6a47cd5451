package org.jnvmet.target;

/** Asymmetric namespace access states (Base, Asymmetric Namespace Access States). */
public enum AnaState {
    OPTIMIZED(1, "optimized"),
    NON_OPTIMIZED(2, "non-optimized"),
    INACCESSIBLE(3, "inaccessible"),
    PERSISTENT_LOSS(4, "persistent-loss"),
    CHANGE(15, "change");

    private final int code;
    private final String text;

    AnaState(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** Value in the ANA log page. */
    public int code() {
        return code;
    }

    /** Text of {@code ana_state}. */
    public String text() {
        return text;
    }
}
