package org.jnvmet.verbs.linux;

import org.jnvmet.verbs.AsyncEvent;
import org.jspecify.annotations.Nullable;

/** {@code struct ibv_async_event} to Java. */
final class AsyncEvents {
    private AsyncEvents() {}

    /** A copy of one that is not acknowledged yet; null: of a type that came with a later release. */
    static @Nullable AsyncEvent toJava(long event) {
        int number = Abi.getInt(event, Abi.ASYNC_EVENT_EVENT_TYPE);
        AsyncEvent.Type[] types = AsyncEvent.Type.values();
        if (number < 0 || number >= types.length) {
            return null;
        }
        AsyncEvent.Type type = types[number];
        long element = Abi.getLong(event, Abi.ASYNC_EVENT_ELEMENT);
        return new AsyncEvent(type, isOfQueuePair(type) ? Abi.getInt(element, Abi.QP_QP_NUM) : 0);
    }

    private static boolean isOfQueuePair(AsyncEvent.Type type) {
        return switch (type) {
            case QP_FATAL,
                    QP_REQ_ERR,
                    QP_ACCESS_ERR,
                    COMM_EST,
                    SQ_DRAINED,
                    PATH_MIG,
                    PATH_MIG_ERR,
                    QP_LAST_WQE_REACHED ->
                    true;
            case CQ_ERR,
                    DEVICE_FATAL,
                    PORT_ACTIVE,
                    PORT_ERR,
                    LID_CHANGE,
                    PKEY_CHANGE,
                    SM_CHANGE,
                    SRQ_ERR,
                    SRQ_LIMIT_REACHED,
                    CLIENT_REREGISTER,
                    GID_CHANGE,
                    WQ_FATAL ->
                    false;
        };
    }
}
