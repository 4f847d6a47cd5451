package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static org.jnvmet.verbs.software.Segments.MEMORY;

import com.ibm.disni.verbs.IbvSendWR;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.WorkRequests;

/**
 * What a queue pair has to send: posted by one thread, carried out by the worker, and free again when a
 * completion of it or of a later one is polled. Allocates nothing after its making.
 */
final class SendRing {
    private static final int SEND_WITH_IMMEDIATE = IbvSendWR.IBV_WR_SEND_WITH_IMM;

    private final int entries;
    private final int inlineBytes;
    private final MemorySegment inlineData; // lives as long as this
    private final long[] ids;
    private final int[] opcodes;
    private final int[] flags;
    private final int[] extras;
    private final long[] remoteAddresses;
    private final int[] remoteKeys;
    private final Segments segments;
    private volatile long posted;
    private volatile long free;
    private volatile long done; // written by the worker only

    SendRing(int entries, int mostSegments, int inlineBytes) {
        this.entries = entries;
        this.inlineBytes = inlineBytes;
        inlineData = Arena.ofAuto().allocate((long) entries * inlineBytes, 8);
        ids = new long[entries];
        opcodes = new int[entries];
        flags = new int[entries];
        extras = new int[entries];
        remoteAddresses = new long[entries];
        remoteKeys = new int[entries];
        segments = new Segments(entries, mostSegments);
    }

    /** Posts the chain; address of the first that was not taken, or 0. Fails when not even the first was. */
    long post(long first) throws VerbsException {
        long at = first;
        long next = posted;
        try {
            while (at != 0) {
                if (next - free == entries) {
                    throw Errno.of(Errno.ENOMEM, "ibv_post_send", "the queue is full");
                }
                read(at, (int) (next % entries));
                next++;
                at = MEMORY.get(JAVA_LONG_UNALIGNED, at + WorkRequests.NEXT);
            }
            return 0;
        } catch (VerbsException e) {
            if (at == first) {
                throw e;
            }
            return at;
        } finally {
            posted = next;
        }
    }

    private void read(long at, int entry) throws VerbsException {
        int count = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.SEGMENT_COUNT);
        int opcode = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.OPCODE);
        if (count < 0 || count > segments.most()) {
            throw Errno.of(Errno.EINVAL, "ibv_post_send", count + " segments");
        }
        if (!isKnown(opcode)) {
            throw Errno.of(Errno.EINVAL, "ibv_post_send", "opcode " + opcode);
        }
        ids[entry] = MEMORY.get(JAVA_LONG_UNALIGNED, at + WorkRequests.ID);
        opcodes[entry] = opcode;
        flags[entry] = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.FLAGS);
        extras[entry] = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.INVALIDATED_KEY);
        remoteAddresses[entry] = MEMORY.get(JAVA_LONG_UNALIGNED, at + WorkRequests.REMOTE_ADDRESS);
        remoteKeys[entry] = MEMORY.get(JAVA_INT_UNALIGNED, at + WorkRequests.REMOTE_KEY);
        segments.read(entry, at, count);
        if (isInline(entry)) {
            if (segments.total(entry) > inlineBytes || opcode == IbvSendWR.IBV_WR_RDMA_READ) {
                throw Errno.of(
                        Errno.EINVAL,
                        "ibv_post_send",
                        segments.total(entry) + " bytes inline, of at most " + inlineBytes);
            }
            segments.inline(entry, inlineData.address() + (long) entry * inlineBytes);
        }
    }

    private static boolean isKnown(int opcode) {
        return switch (opcode) {
            case IbvSendWR.IBV_WR_SEND,
                    SEND_WITH_IMMEDIATE,
                    SendCall.SEND_WITH_INVALIDATE,
                    IbvSendWR.IBV_WR_RDMA_READ,
                    IbvSendWR.IBV_WR_RDMA_WRITE ->
                    true;
            default -> false;
        };
    }

    boolean isEmpty() {
        return posted == done;
    }

    /** The entry whose turn it is; the worker asks {@link #isEmpty} before. */
    int current() {
        return (int) (done % entries);
    }

    /** The current entry is done; what {@link #release} needs when its completion is polled. */
    long advance() {
        long next = done + 1;
        done = next;
        return next;
    }

    /** The completion of the entry for which {@link #advance} returned that was polled. */
    void release(long upTo) {
        free = upTo;
    }

    long id(int entry) {
        return ids[entry];
    }

    int opcode(int entry) {
        return opcodes[entry];
    }

    boolean isInline(int entry) {
        return (flags[entry] & IbvSendWR.IBV_SEND_INLINE) != 0;
    }

    boolean isSignaled(int entry) {
        return (flags[entry] & IbvSendWR.IBV_SEND_SIGNALED) != 0;
    }

    boolean isSolicited(int entry) {
        return (flags[entry] & IbvSendWR.IBV_SEND_SOLICITED) != 0;
    }

    /** Immediate data, or the key to invalidate. */
    int extra(int entry) {
        return extras[entry];
    }

    long remoteAddress(int entry) {
        return remoteAddresses[entry];
    }

    int remoteKey(int entry) {
        return remoteKeys[entry];
    }

    Segments segments() {
        return segments;
    }
}
