package org.jnvmet.target;

import java.util.function.UnaryOperator;
import org.jnvmet.target.posix.Errno;

/**
 * A discovery referral of a port: {@code referrals/<name>}. Any thread, refusals as {@link
 * ConfigException}; its lock is short.
 */
public final class Referral {
    private static final Port.Address UNSET = Port.Address.UNSET.withAdrfam("pci");

    private final Port port;
    private final String name;

    private volatile Port.Address address = UNSET;
    private volatile int portId;
    private volatile boolean enabled;
    private boolean removed;

    Referral(Port port, String name) {
        this.port = port;
        this.name = name;
    }

    public String name() {
        return name;
    }

    public Port.Address address() {
        return address;
    }

    /** EACCES while enabled. */
    public void address(Port.Address address) {
        changeAddress(_ -> address);
    }

    /** Changes parts of the address in one step; {@code change} runs only when a change is allowed. */
    public synchronized void changeAddress(UnaryOperator<Port.Address> change) {
        refuseWhileEnabled();
        Port.Address next = change.apply(address);
        next.validate();
        address = next;
    }

    /** PORTID of the referred port. */
    public int portId() {
        return portId;
    }

    /** EINVAL beyond 65,535, EACCES while enabled. */
    public synchronized void portId(int id) {
        Port.checkId(id);
        refuseWhileEnabled();
        portId = id;
    }

    public boolean enabled() {
        return enabled;
    }

    /** Shows the referral in the discovery log, or hides it. Idempotent. */
    public void enabled(boolean enable) {
        synchronized (this) {
            if (removed) {
                throw new ConfigException(Errno.ENOENT, this + " has been removed");
            }
            if (enabled == enable) {
                return;
            }
            enabled = enable;
        }
        port.target().discoveryChanged(controller -> controller.port() == port);
    }

    /** Disables for good. */
    void retire() {
        boolean shown;
        synchronized (this) {
            shown = enabled;
            enabled = false;
            removed = true;
        }
        if (shown) {
            port.target().discoveryChanged(controller -> controller.port() == port);
        }
    }

    private void refuseWhileEnabled() {
        if (enabled) {
            throw new ConfigException(
                    Errno.EACCES, this + " is enabled: its address cannot change");
        }
    }

    @Override
    public String toString() {
        return "referral " + name + " of " + port;
    }
}
