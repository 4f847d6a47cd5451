package org.jnvmet.transport.rdma;

/** How far an {@link RdmaConnection} is. */
enum ConnectionState {
    /** The host does not know yet that it is accepted, though its commands may be here. */
    ACCEPTING,
    /** Commands flow. */
    OPEN,
    /** Disconnected; the work requests of the queue pair are being flushed. */
    ENDING,
    /** The control thread destroys the queue pair. */
    DESTROYING,
    /** There is no queue pair; commands may still run. */
    DESTROYED,
    /** The last command has ended and everything is given back. */
    GONE;

    boolean mayBecome(ConnectionState next) {
        return switch (this) {
            case ACCEPTING -> next == OPEN || next == ENDING;
            case OPEN -> next == ENDING;
            case ENDING -> next == DESTROYING;
            case DESTROYING -> next == DESTROYED;
            case DESTROYED -> next == GONE;
            case GONE -> false;
        };
    }
}
