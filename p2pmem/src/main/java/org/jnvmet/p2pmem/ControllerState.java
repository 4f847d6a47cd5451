package org.jnvmet.p2pmem;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jnvmet.p2pmem.PortState.Way;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jspecify.annotations.Nullable;

/** A controller, and what was decided for it alone. Guarded by the lock of {@link PeerStaging}. */
final class ControllerState {
    final Controller controller;

    /** What its commands wait in until its way is known; constant. */
    final @Nullable StagedPlacement undecided;

    /** Whether {@link #undecided} is in force. */
    boolean waits;

    /** By which it came; null: not known yet. */
    @Nullable Way way;

    /** Of namespaces with {@code p2pmem} that the port does not decide for. */
    final Map<Namespace, Own> own = new LinkedHashMap<>();

    ControllerState(Controller controller, @Nullable StagedPlacement undecided) {
        this.controller = controller;
        this.undecided = undecided;
        waits = undecided != null;
    }

    /** A decision for one namespace. */
    static final class Own {
        final Namespace namespace;
        final StagedPlacement placement;
        Decision decision;

        Own(Namespace namespace, Decision decision, StagedPlacement placement) {
            this.namespace = namespace;
            this.decision = decision;
            this.placement = placement;
        }
    }
}
