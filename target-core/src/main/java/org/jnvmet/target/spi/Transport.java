package org.jnvmet.target.spi;

import org.jnvmet.target.Port;
import org.jnvmet.target.Target;

/** A fabric. The core calls it through this seam only; it calls back {@link org.jnvmet.target.Queue}. */
public interface Transport extends AutoCloseable {
    /** Text of {@code addr_trtype}: "tcp", "rdma", "loop". */
    String name();

    Limits limits();

    /**
     * Listens at the port's address. Every queue that arrives is created against that port.
     *
     * @throws org.jnvmet.target.ConfigException EINVAL for a malformed address, or the errno of bind or
     *     listen (EADDRINUSE, EADDRNOTAVAIL, EACCES ...)
     */
    Listener listen(Target target, Port port);

    /**
     * Lets the network interface with that address reach memory of another device, so that commands which
     * arrive there may have their data in it, until {@link #unreach}. Over sockets nothing is to be done:
     * there the processor copies. Idempotent.
     *
     * @param localAddress as text, without port
     * @throws org.jnvmet.target.ConfigException EOPNOTSUPP, or the errno of the registration, with a
     *     sentence that says why the interface cannot
     */
    default void reach(String localAddress, DeviceMemory memory) {}

    /** That memory is about to be unmapped; no buffer of it is lent. */
    default void unreach(DeviceMemory memory) {}

    /** Ends all loops; listeners are closed before. */
    @Override
    void close();

    /** A listening address. */
    interface Listener extends AutoCloseable {
        /** Stops listening and closes every connection that came through here. Returns when nothing new can come. */
        @Override
        void close();
    }

    /**
     * What a transport can do.
     *
     * @param trtype TRTYPE of the discovery log
     * @param maxTransferBytes largest data transfer of one command
     * @param defaultInlineBytes in-capsule data size when {@code param_inline_data_size} is -1
     * @param maxInlineBytes upper clamp of it
     * @param defaultQueueEntries queue size when {@code param_max_queue_size} is -1
     * @param maxQueueEntries upper clamp of it
     * @param sgls the SGLS field of Identify Controller
     * @param maxDescriptors SGL data block descriptors of one command (MSDBD)
     */
    record Limits(
            int trtype,
            int maxTransferBytes,
            int defaultInlineBytes,
            int maxInlineBytes,
            int defaultQueueEntries,
            int maxQueueEntries,
            int sgls,
            int maxDescriptors) {}
}
