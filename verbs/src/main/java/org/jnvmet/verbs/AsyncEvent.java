package org.jnvmet.verbs;

/**
 * What a device reports outside all queues.
 *
 * @param type as {@code enum ibv_event_type} numbers them
 * @param queuePair number of the queue pair concerned; 0: it is not about one
 */
public record AsyncEvent(Type type, int queuePair) {
    /** {@code enum ibv_event_type}, in its order. */
    public enum Type {
        CQ_ERR,
        QP_FATAL,
        QP_REQ_ERR,
        QP_ACCESS_ERR,
        COMM_EST,
        SQ_DRAINED,
        PATH_MIG,
        PATH_MIG_ERR,
        DEVICE_FATAL,
        PORT_ACTIVE,
        PORT_ERR,
        LID_CHANGE,
        PKEY_CHANGE,
        SM_CHANGE,
        SRQ_ERR,
        SRQ_LIMIT_REACHED,
        QP_LAST_WQE_REACHED,
        CLIENT_REREGISTER,
        GID_CHANGE,
        WQ_FATAL
    }
}
