package org.jnvmet.target;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jnvmet.target.posix.Errno;

/**
 * The ANA groups that one port knows, and their states. Changes under a short monitor, as the port's
 * own lock may be held while it starts to listen; reads are free.
 */
final class PortAnaGroups {
    private final Port port;

    /** By group; null: not known here. */
    private final AtomicReferenceArray<AnaState> states =
            new AtomicReferenceArray<>(AnaGroupCounts.MAX + 1);

    PortAnaGroups(Port port) {
        this.port = port;
        states.set(1, AnaState.OPTIMIZED);
    }

    AnaState state(int group) {
        AnaState state = states.get(group);
        return state == null ? AnaState.INACCESSIBLE : state;
    }

    void create(int group) {
        AnaGroupCounts.check(group, 2);
        synchronized (this) {
            if (states.get(group) != null) {
                throw new ConfigException(
                        Errno.EEXIST, "ANA group %d of %s exists already".formatted(group, port));
            }
            states.set(group, AnaState.INACCESSIBLE);
            counts().add(group);
        }
        announce();
    }

    void remove(int group) {
        AnaGroupCounts.check(group, 1);
        if (group == 1) {
            throw new ConfigException(Errno.EPERM, "ANA group 1 of " + port + " always exists");
        }
        synchronized (this) {
            refuseUnknown(group);
            states.set(group, null);
            counts().remove(group);
        }
        announce();
    }

    void state(int group, AnaState state) {
        AnaGroupCounts.check(group, 1);
        synchronized (this) {
            refuseUnknown(group);
            states.set(group, state);
        }
        announce();
    }

    /** Every known group becomes inaccessible. */
    void shutDown() {
        synchronized (this) {
            for (int group = 1; group <= AnaGroupCounts.MAX; group++) {
                if (states.get(group) != null) {
                    states.set(group, AnaState.INACCESSIBLE);
                }
            }
        }
        announce();
    }

    synchronized boolean onlyDefault() {
        for (int group = 2; group <= AnaGroupCounts.MAX; group++) {
            if (states.get(group) != null) {
                return false;
            }
        }
        return true;
    }

    private void announce() {
        counts().changed();
        List<Controller> affected = new ArrayList<>();
        for (Subsystem subsystem : port.subsystems()) {
            for (Controller controller : subsystem.controllers()) {
                if (controller.port() == port) {
                    affected.add(controller);
                }
            }
        }
        ControllerRoster.tell(affected, Controller::anaChanged);
    }

    private void refuseUnknown(int group) {
        if (states.get(group) == null) {
            throw new ConfigException(
                    Errno.ENOENT, "%s does not know ANA group %d".formatted(port, group));
        }
    }

    private AnaGroupCounts counts() {
        return port.target().anaGroupCounts();
    }
}
