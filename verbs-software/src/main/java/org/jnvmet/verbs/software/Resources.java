package org.jnvmet.verbs.software;

/**
 * How many objects of each kind are there.
 *
 * @param ids identifiers of the connection manager, those of requests nobody took included
 * @param channels event channels and completion channels
 */
public record Resources(
        int ids,
        int queuePairs,
        int completionQueues,
        int domains,
        int regions,
        int sharedReceiveQueues,
        int channels) {
    /** All destroyed. */
    public static final Resources NONE = new Resources(0, 0, 0, 0, 0, 0, 0);
}
