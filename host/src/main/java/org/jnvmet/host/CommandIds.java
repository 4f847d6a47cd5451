package org.jnvmet.host;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * The free slots of a queue, and the generation of each: a command identifier is a slot with the
 * slot's generation above it, so that a completion that comes twice or too late finds no command. Any
 * thread; no locks, no allocation.
 */
final class CommandIds {
    /** As many as a Linux host has. */
    private static final int GENERATION_BITS = 4;

    /** Identifiers of queues of common size stay this small: some controllers keep a table of them. */
    private static final int SMALL_BITS = 10;

    private static final int FEWEST_GENERATION_BITS = 2;

    /** A set bit is a free slot. */
    private final AtomicLongArray free;

    private final byte[] generations;
    private final int slots;
    private final int slotBits;
    private final int generationMask;

    CommandIds(QueueOptions queue) {
        slots = queue.entries() - 1;
        slotBits = queue.slotBits();
        int spare = SMALL_BITS - slotBits;
        int bits = spare < FEWEST_GENERATION_BITS ? GENERATION_BITS : spare;
        generationMask = (1 << Math.min(bits, GENERATION_BITS)) - 1;
        generations = new byte[slots];
        free = new AtomicLongArray((slots + 63) / 64);
        for (int slot = 0; slot < slots; slot++) {
            free.set(slot / 64, free.get(slot / 64) | 1L << slot);
        }
    }

    int slotOf(int commandId) {
        return commandId & (1 << slotBits) - 1;
    }

    /** An identifier that is not outstanding, or -1 when all are. */
    int take() {
        for (int word = 0; word < free.length(); word++) {
            long bits = free.get(word);
            while (bits != 0) {
                long bit = Long.lowestOneBit(bits);
                if (free.compareAndSet(word, bits, bits & ~bit)) {
                    int slot = word * 64 + Long.numberOfTrailingZeros(bit);
                    return (generations[slot]++ & generationMask) << slotBits | slot;
                }
                bits = free.get(word);
            }
        }
        return -1;
    }

    void giveBack(int commandId) {
        int slot = slotOf(commandId);
        long bit = 1L << slot;
        long bits;
        do {
            bits = free.get(slot / 64);
        } while (!free.compareAndSet(slot / 64, bits, bits | bit));
    }

    int outstanding() {
        int count = slots;
        for (int word = 0; word < free.length(); word++) {
            count -= Long.bitCount(free.get(word));
        }
        return count;
    }

    int slots() {
        return slots;
    }
}
