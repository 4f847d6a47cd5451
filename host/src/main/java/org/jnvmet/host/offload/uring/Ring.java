package org.jnvmet.host.offload.uring;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.IoUring;
import org.jnvmet.host.linux.PollSet;
import org.jnvmet.host.linux.Sockets;

/**
 * An io_uring: a ring of submissions and a ring of completions. Made, used and closed by one thread: the
 * kernel is told so, does its own part of the work within this thread's calls, and interrupts nobody.
 *
 * <p>Of each ring one side writes the tail and the other the head. A tail is published with release,
 * after its entries, and read with acquire, before them; so is a head, after whose publication its
 * entries may be overwritten.
 */
final class Ring implements AutoCloseable {
    /** Takes completions. */
    @FunctionalInterface
    interface Completions {
        /**
         * An operation is over.
         *
         * @param tag what it was submitted with
         * @param result what its system call would have answered: a value, or an errno negated
         * @param flags {@link Ring#SOCKET_HAS_MORE} or others
         */
        void onCompletion(long tag, int result, int flags);
    }

    private static final int NOP = 0;
    private static final int POLL_ADD = 6;
    private static final int SENDMSG = 9;
    private static final int ASYNC_CANCEL = 14;
    private static final int RECV = 27;

    /** IORING_RECVSEND_POLL_FIRST: a receive waits before it tries. Linux 5.19. */
    private static final int WAIT_FIRST = 1;

    /** Of a completed receive. */
    static final int SOCKET_HAS_MORE = 4;

    private static final int SQ_CQ_OVERFLOW = 2;
    private static final int SQ_TASKRUN = 4;

    // struct io_uring_sqe; what is not written is never anything but 0
    private static final int SQE_OPCODE = 0;
    private static final int SQE_IOPRIO = 2;
    private static final int SQE_FD = 4;
    private static final int SQE_ADDR = 16;
    private static final int SQE_LEN = 24;
    private static final int SQE_OP_FLAGS = 28;
    private static final int SQE_USER_DATA = 32;

    // struct io_uring_cqe
    private static final int CQE_USER_DATA = 0;
    private static final int CQE_RES = 8;
    private static final int CQE_FLAGS = 12;

    // struct io_uring_getevents_arg, and behind it the timespec that it points to
    private static final int ARGUMENT_BYTES = 24;
    private static final int ARGUMENT_TS = 16;
    private static final int TIMESPEC_BYTES = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000;

    private static final VarHandle SHARED = JAVA_INT.varHandle();

    private final RingMemory memory;
    private final MemorySegment rings;
    private final MemorySegment sqes;
    private final MemorySegment argument;
    private final int sqEntries;
    private final int cqEntries;
    private final long sqHead;
    private final long sqTail;
    private final long sqFlags;
    private final long cqHead;
    private final long cqTail;
    private final long cqes;
    private int tail;
    private int head;

    /** Uses a ring that was just set up. */
    Ring(RingMemory memory) {
        this.memory = memory;
        rings = memory.rings();
        sqes = memory.sqes();
        sqEntries = memory.sqEntries();
        cqEntries = memory.cqEntries();
        sqHead = memory.sqHead();
        sqTail = memory.sqTail();
        sqFlags = memory.sqFlags();
        cqHead = memory.cqHead();
        cqTail = memory.cqTail();
        cqes = memory.cqes();
        argument = memory.allocate(ARGUMENT_BYTES + TIMESPEC_BYTES);
        argument.set(JAVA_LONG, ARGUMENT_TS, argument.address() + ARGUMENT_BYTES);
    }

    /** Whether a receive may wait first: better when it finds nothing, most likely. */
    boolean canWaitFirst() {
        return memory.cooperative();
    }

    /** Submissions that may be added before the next {@link #enter}. */
    int room() {
        return sqEntries - pending();
    }

    /** Submissions that the kernel has not taken yet. */
    int pending() {
        return tail - (int) SHARED.getAcquire(rings, sqHead);
    }

    // Submissions: there must be room; the kernel takes them at the next enter. A tag comes back
    // with the
    // completion, until which memory at an address must stay.

    /** Adds a receive that completes when at least one byte is there. */
    void receive(int socket, long address, int bytes, boolean waitFirst, long tag) {
        long entry = begin(RECV, socket, address, bytes, tag);
        sqes.set(JAVA_SHORT, entry + SQE_IOPRIO, (short) (waitFirst ? WAIT_FIRST : 0));
        publish();
    }

    /** Adds the send of a {@link org.jnvmet.host.linux.MessageHeader}, perhaps of a part of it. */
    void send(int socket, long message, long tag) {
        long entry = begin(SENDMSG, socket, message, 1, tag);
        sqes.set(JAVA_INT, entry + SQE_OP_FLAGS, Sockets.MSG_NOSIGNAL);
        publish();
    }

    /** Adds an operation that completes, once, when the descriptor is readable. */
    void awaitReadable(int fd, long tag) {
        long entry = begin(POLL_ADD, fd, 0, 0, tag);
        sqes.set(JAVA_INT, entry + SQE_OP_FLAGS, PollSet.IN);
        publish();
    }

    /** Adds the cancellation of the operation with the tag {@code cancelled}, which completes too. */
    void cancel(long cancelled, long tag) {
        long _ = begin(ASYNC_CANCEL, -1, cancelled, 0, tag);
        publish();
    }

    /** Adds an operation that only completes. */
    void nothing(long tag) {
        long _ = begin(NOP, -1, 0, 0, tag);
        publish();
    }

    private long begin(int operation, int fd, long address, int length, long tag) {
        long entry = (long) (tail & (sqEntries - 1)) * RingMemory.SQE_BYTES;
        sqes.set(JAVA_BYTE, entry + SQE_OPCODE, (byte) operation);
        sqes.set(JAVA_SHORT, entry + SQE_IOPRIO, (short) 0);
        sqes.set(JAVA_INT, entry + SQE_FD, fd);
        sqes.set(JAVA_LONG, entry + SQE_ADDR, address);
        sqes.set(JAVA_INT, entry + SQE_LEN, length);
        sqes.set(JAVA_INT, entry + SQE_OP_FLAGS, 0);
        sqes.set(JAVA_LONG, entry + SQE_USER_DATA, tag);
        return entry;
    }

    private void publish() {
        tail++;
        SHARED.setRelease(rings, sqTail, tail);
    }

    /** Submits what was added and has the kernel bring what has happened; does not wait. */
    void enter() {
        check(IoUring.enter(memory.descriptor(), pending(), 0, IoUring.ENTER_GETEVENTS, 0, 0));
    }

    /** As {@link #enter()}, but waits until there is a completion, at most {@code nanos}. */
    void enterAndWait(long nanos) {
        argument.set(JAVA_LONG, ARGUMENT_BYTES, nanos / NANOS_PER_SECOND);
        argument.set(JAVA_LONG, ARGUMENT_BYTES + Long.BYTES, nanos % NANOS_PER_SECOND);
        int flags = IoUring.ENTER_GETEVENTS | IoUring.ENTER_EXT_ARG;
        check(
                IoUring.enter(
                        memory.descriptor(),
                        pending(),
                        1,
                        flags,
                        argument.address(),
                        ARGUMENT_BYTES));
    }

    /** What is left undone for want of time or room is done by the next call, after {@link #reap}. */
    private static void check(int result) {
        switch (-result) {
            case Errno.EINTR, Errno.ETIME, Errno.EAGAIN, Errno.EBUSY -> {}
            default -> {
                if (result < 0) {
                    throw new IllegalStateException("io_uring_enter: " + Errno.text(-result));
                }
            }
        }
    }

    /** Whether the kernel has something that only {@link #enter} brings. */
    boolean wantsEnter() {
        int flags = (int) SHARED.getAcquire(rings, sqFlags);
        return (flags & (SQ_TASKRUN | SQ_CQ_OVERFLOW)) != 0;
    }

    /** Takes the completions that are there; their number. */
    int reap(Completions completions) {
        int first = head;
        int end = (int) SHARED.getAcquire(rings, cqTail);
        while (head != end) {
            long entry = cqes + (long) (head & (cqEntries - 1)) * RingMemory.CQE_BYTES;
            long tag = rings.get(JAVA_LONG, entry + CQE_USER_DATA);
            int result = rings.get(JAVA_INT, entry + CQE_RES);
            int flags = rings.get(JAVA_INT, entry + CQE_FLAGS);
            head++;
            SHARED.setRelease(rings, cqHead, head);
            completions.onCompletion(tag, result, flags);
        }
        return head - first;
    }

    @Override
    public void close() {
        memory.close();
    }
}
