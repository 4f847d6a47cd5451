package org.jnvmet.target;

/** Where a {@link Request} is on its way. */
enum RequestState {
    /** In the queue's pool. */
    FREE,
    /** The transport fills the entry, or it is being parsed. */
    ARRIVED,
    /** Parsed; the transport gets the buffer and the data. */
    WAITING,
    /** The core, or a backend for it, runs the command. */
    EXECUTING,
    /** The channel has it, to respond and release. */
    COMPLETED;

    boolean mayBecome(RequestState next) {
        return switch (this) {
            case FREE -> next == ARRIVED;
            case ARRIVED -> next == WAITING || next == COMPLETED || next == FREE;
            case WAITING -> next == EXECUTING || next == COMPLETED || next == FREE;
            case EXECUTING -> next == COMPLETED;
            case COMPLETED -> next == FREE;
        };
    }
}
