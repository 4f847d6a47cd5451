package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * The calls of the data path, which verbs.h has as inline functions: through the table of a device's
 * context. The handles take the function's address first and are constants, so that the JIT compiles a
 * call of them as it does one of C. Not critical ones: the driver may make a system call (rxe does for
 * each post), and a thread in a critical call holds up the garbage collector.
 *
 * @param postSend {@code int (*)(struct ibv_qp *, struct ibv_send_wr *, struct ibv_send_wr **)}
 * @param postRecv the same with {@code struct ibv_recv_wr}
 * @param postSrqRecv the same with {@code struct ibv_srq}
 * @param pollCq {@code int (*)(struct ibv_cq *, int, struct ibv_wc *)}
 * @param reqNotifyCq {@code int (*)(struct ibv_cq *, int)}
 */
@SuppressWarnings("restricted")
record Operations(
        MemorySegment postSend,
        MemorySegment postRecv,
        MemorySegment postSrqRecv,
        MemorySegment pollCq,
        MemorySegment reqNotifyCq) {
    private static final MethodHandle POST =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle POLL =
            Linker.nativeLinker()
                    .downcallHandle(
                            FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_LONG));
    private static final MethodHandle NOTIFY =
            Linker.nativeLinker()
                    .downcallHandle(FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_INT));

    /** Those of a {@code struct ibv_context}. */
    static Operations of(long context) {
        return new Operations(
                function(context, Abi.OPS_POST_SEND),
                function(context, Abi.OPS_POST_RECV),
                function(context, Abi.OPS_POST_SRQ_RECV),
                function(context, Abi.OPS_POLL_CQ),
                function(context, Abi.OPS_REQ_NOTIFY_CQ));
    }

    private static MemorySegment function(long context, int operation) {
        return MemorySegment.ofAddress(Abi.getLong(context, Abi.CONTEXT_OPS + operation));
    }

    /**
     * Posts a chain.
     *
     * @param function one of the first three
     * @param bad where the address of the first is left that was not taken
     * @return 0, or an errno
     */
    static int post(MemorySegment function, long queue, long first, long bad) {
        try {
            return (int) POST.invokeExact(function, queue, first, bad);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Takes up to {@code count} completions; how many, negative on a failure. */
    static int poll(MemorySegment function, long queue, int count, long completions) {
        try {
            return (int) POLL.invokeExact(function, queue, count, completions);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    /** Asks for an event with the next completion; 0, or an errno. */
    static int requestNotification(MemorySegment function, long queue, int solicitedOnly) {
        try {
            return (int) NOTIFY.invokeExact(function, queue, solicitedOnly);
        } catch (Throwable e) {
            throw unexpected(e);
        }
    }

    private static RuntimeException unexpected(Throwable e) {
        if (e instanceof Error error) {
            throw error;
        }
        return new IllegalStateException("call of a device's function", e);
    }
}
