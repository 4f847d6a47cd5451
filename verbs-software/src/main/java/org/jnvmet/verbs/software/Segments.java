package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.WorkRequests;

/** The scatter lists of a queue's entries, and how data gets from one to another. */
@SuppressWarnings("restricted")
final class Segments {
    /** All memory of the process, by address; who uses it has checked the address. */
    static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private final int most;
    private final int[] count;
    private final long[] address;
    private final int[] bytes;
    private final int[] key;

    /** @param most segments of an entry */
    Segments(int entries, int most) {
        this.most = most;
        count = new int[entries];
        address = new long[entries * most];
        bytes = new int[entries * most];
        key = new int[entries * most];
    }

    int most() {
        return most;
    }

    /** Takes over the list of a native work request. */
    void read(int entry, long request, int segments) {
        count[entry] = segments;
        long from = MEMORY.get(JAVA_LONG_UNALIGNED, request + WorkRequests.SEGMENTS);
        for (int i = entry * most; i < entry * most + segments; i++) {
            address[i] = MEMORY.get(JAVA_LONG_UNALIGNED, from + WorkRequests.SEGMENT_ADDRESS);
            bytes[i] = MEMORY.get(JAVA_INT_UNALIGNED, from + WorkRequests.SEGMENT_LENGTH);
            key[i] = MEMORY.get(JAVA_INT_UNALIGNED, from + WorkRequests.SEGMENT_KEY);
            from += WorkRequests.SEGMENT_BYTES;
        }
    }

    /** Bytes of an entry; more than 2 GiB is for the caller to refuse. */
    long total(int entry) {
        long total = 0;
        for (int i = entry * most; i < entry * most + count[entry]; i++) {
            total += Integer.toUnsignedLong(bytes[i]);
        }
        return total;
    }

    /** Puts the data of an entry at that place, and has the entry name it there. */
    void inline(int entry, long place) {
        int total = (int) total(entry);
        toMemory(entry, place);
        if (most > 0) {
            count[entry] = 1;
            address[entry * most] = place;
            bytes[entry * most] = total;
            key[entry * most] = 0;
        }
    }

    /** Whether all that an entry names up to {@code limit} bytes is registered in the domain with that access. */
    boolean allowed(int entry, ProtectionDomain domain, int access, long limit) {
        long rest = limit;
        for (int i = entry * most; i < entry * most + count[entry] && rest > 0; i++) {
            long length = Math.min(Integer.toUnsignedLong(bytes[i]), rest);
            if (length > 0 && !domain.allowsLocal(key[i], address[i], length, access)) {
                return false;
            }
            rest -= length;
        }
        return true;
    }

    void toMemory(int entry, long to) {
        long place = to;
        for (int i = entry * most; i < entry * most + count[entry]; i++) {
            long length = Integer.toUnsignedLong(bytes[i]);
            copy(address[i], place, length);
            place += length;
        }
    }

    void fromMemory(int entry, long from) {
        long place = from;
        for (int i = entry * most; i < entry * most + count[entry]; i++) {
            long length = Integer.toUnsignedLong(bytes[i]);
            copy(place, address[i], length);
            place += length;
        }
    }

    /** Fills an entry of another queue, which has the space. */
    void copyTo(int entry, Segments other, int otherEntry) {
        int into = otherEntry * other.most;
        long done = 0;
        for (int i = entry * most; i < entry * most + count[entry]; i++) {
            long length = Integer.toUnsignedLong(bytes[i]);
            long copied = 0;
            while (copied < length) {
                long space = Integer.toUnsignedLong(other.bytes[into]) - done;
                long now = Math.min(space, length - copied);
                copy(address[i] + copied, other.address[into] + done, now);
                copied += now;
                done += now;
                if (now == space) {
                    into++;
                    done = 0;
                }
            }
        }
    }

    private static void copy(long from, long to, long length) {
        MemorySegment.copy(MEMORY, from, MEMORY, to, length);
    }
}
