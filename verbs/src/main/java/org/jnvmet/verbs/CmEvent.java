package org.jnvmet.verbs;

import com.ibm.disni.verbs.RdmaCmEvent;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * An event of the connection manager. Of CONNECT_REQUEST, {@link #getConnIdPriv()} is a new identifier,
 * which has its device, and {@link #getListenIdPriv()} the one that listens; of all others the first is the
 * identifier concerned, and the second null.
 */
@SuppressWarnings("EnumOrdinal") // DiSNI's constants stand in the order of enum rdma_cm_event_type
public final class CmEvent extends RdmaCmEvent {
    private final EventType type;
    private final ConnectParameters parameters;

    /** For providers, in {@link VerbsProvider#make}. */
    public CmEvent(
            EventType type,
            int status,
            RdmaCmId id,
            @Nullable RdmaCmId listener,
            ConnectParameters parameters)
            throws IOException {
        super(type.ordinal(), listenerOf(listener), id);
        this.type = type;
        this.status = status;
        this.parameters = parameters;
        this.conn = parameters;
    }

    @SuppressWarnings("NullAway") // DiSNI's field is null for events without a listener
    private static RdmaCmId listenerOf(@Nullable RdmaCmId listener) {
        return listener;
    }

    public EventType type() {
        return type;
    }

    /** The identifier concerned. */
    public RdmaCmId id() {
        return getConnIdPriv();
    }

    /** Parameters of the other side, seen from ours, with its private data; empty for events that carry none. */
    public ConnectParameters parameters() {
        return parameters;
    }
}
