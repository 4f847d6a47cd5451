package org.jnvmet.host.spi;

/**
 * The way to one controller, and what bounds the I/O on it. It outlives associations: after an error
 * the host sets up the next one on the same route.
 */
public interface Route {
    /** Most data bytes of one command; a multiple of 4,096. */
    int maxTransferBytes();

    /** Most memory segments that the data of one command may lie in; 1 or more. */
    int maxSegments();

    /** Most I/O queues that are of use; 1 or more. */
    int vectors();

    /**
     * Begins an association: gets what its queues share. May block. Each call that returns is matched
     * by one {@link ControllerLink#release}.
     *
     * @throws org.jnvmet.host.HostException when it cannot be had; there is nothing to release then
     */
    ControllerLink setUpController();

    /** What carries the commands, for people: {@code tcp_offload (poll)}. */
    @Override
    String toString();
}
