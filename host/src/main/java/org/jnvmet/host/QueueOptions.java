package org.jnvmet.host;

/**
 * What a transport must know to open a queue.
 *
 * @param queueId 0 for the admin queue
 * @param entries entries of the submission queue, 2 to 4,096
 * @param inCapsuleBytes most data bytes that a command capsule may carry
 * @param flowControl whether the controller reports the submission queue head
 * @param timeoutMs time limit of opening the connection
 */
public record QueueOptions(
        int queueId, int entries, int inCapsuleBytes, boolean flowControl, long timeoutMs) {
    /** Most entries of a queue: the identifiers carry 12 bits of slot. */
    public static final int MAX_ENTRIES = 4096;

    public QueueOptions {
        if (queueId < 0 || queueId > 0xffff) {
            throw new IllegalArgumentException("no queue has the identifier " + queueId);
        }
        if (entries < 2 || entries > MAX_ENTRIES) {
            throw new IllegalArgumentException("no queue has " + entries + " entries");
        }
    }

    /** How many low bits of a command identifier are the index of its slot; above is its generation. */
    public int slotBits() {
        return Integer.SIZE - Integer.numberOfLeadingZeros(entries - 2);
    }
}
