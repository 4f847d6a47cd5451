package org.jnvmet.host;

/** How commands are spread over paths of equal ANA state; the names are those of a Linux host. */
public enum IoPolicy {
    /** The first path, as long as it is of use. Java knows no distance between processor and path. */
    NUMA("numa"),
    /** Each path in turn. */
    ROUND_ROBIN("round-robin"),
    /** The path whose controller has the fewest commands of its subsystem outstanding. */
    QUEUE_DEPTH("queue-depth");

    private final String text;

    IoPolicy(String text) {
        this.text = text;
    }

    /** Its name as Linux writes it in {@code iopolicy}. */
    @Override
    public String toString() {
        return text;
    }
}
