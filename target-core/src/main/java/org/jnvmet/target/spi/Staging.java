package org.jnvmet.target.spi;

import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.posix.Errno;

/**
 * Decides where the data of I/O commands is staged: in system memory, or in the memory of a PCI device
 * that lies near to the port's network interface and the namespaces' disks. Told of every change that a
 * decision depends on, it calls {@link Controller#place}.
 *
 * <p>Calls come from control threads that hold the configuration lock of the port or namespace named, and
 * may take as long as it takes to look at devices, except those marked "loop".
 */
public interface Staging extends AutoCloseable {
    /** All data is staged in system memory. */
    Staging NONE = new Staging() {};

    /**
     * Reads the text of {@code p2pmem} and {@code allow_p2pmem}, without its newline: a boolean, or the
     * address of a function with published memory.
     *
     * @throws ConfigException ENODEV for anything else, with what was wrong
     */
    default PeerMemory parse(String text) {
        PeerMemory setting = PeerMemory.ofBoolean(text);
        if (setting == null) {
            throw new ConfigException(Errno.ENODEV, "no such PCI device: " + text);
        }
        return setting;
    }

    /**
     * A namespace is about to be shown to hosts; its medium is open.
     *
     * @throws ConfigException EINVAL when the memory it asks for, or a port that exports it uses, does not
     *     reach its medium; nothing has changed then
     */
    default void enabling(Namespace namespace, Backend medium) {}

    /** A namespace is hidden; its last operation has ended, or it could not be enabled after all. */
    default void disabled(Namespace namespace) {}

    /**
     * A port is about to export a subsystem, its address is fixed.
     *
     * @throws ConfigException EINVAL when the memory that the port uses, or insists on, does not reach its
     *     namespaces; nothing has changed then
     */
    default void linking(Port port, Subsystem subsystem) {}

    /** A port exports a subsystem no longer, or could not after all. */
    default void unlinked(Port port, Subsystem subsystem) {}

    /**
     * The settings of a port are about to change, perhaps while it serves hosts: the commands that follow
     * shall be staged accordingly, those in flight stay where they are.
     *
     * @throws ConfigException EINVAL when {@code strict} and there is no memory; nothing has changed then
     */
    default void changing(Port port, PeerMemory allowed, boolean strict) {}

    /** A controller was made. On a loop: returns at once. */
    default void admitted(Controller controller) {}

    /** A controller has gone. On a loop: returns at once. */
    default void gone(Controller controller) {}

    /** One sentence or more for {@code p2pmem_status}. */
    default String status(Port port) {
        return "";
    }

    default String status(Namespace namespace) {
        return "";
    }

    /** Gives all memory back. All loops and media have ended. */
    @Override
    default void close() {}
}
