package org.jnvmet.testkit;

import static org.jnvmet.testkit.VerbsSide.check;

import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.IbvWC.IbvWcStatus;
import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import java.io.IOException;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsProvider;

/** What a provider must do when a device goes away under connections, as {@link VerbsExercise} has the rest. */
@SuppressWarnings("EnumOrdinal") // DiSNI's constants stand in the order of enum ibv_wc_status
public final class VerbsRemoval {
    private static final int LIMIT_S = 60;
    private static final int EVENT_MS = 30_000;

    private VerbsRemoval() {}

    /** Removes the device, or puts it back. */
    @FunctionalInterface
    public interface Step {
        void run() throws Exception;
    }

    /**
     * Every identifier of the device is told, what is left of it answers and can be destroyed, and once it is
     * back it serves again.
     *
     * @param remove may wait until all that the device had is destroyed
     */
    public static void survives(
            VerbsProvider provider, InetAddress address, Step remove, Step putBack)
            throws Exception {
        CompletableFuture<Void> removal;
        try (VerbsPair pair = VerbsPair.connected(provider, address)) {
            pair.server.postReceive(0, 64);
            removal =
                    CompletableFuture.runAsync(() -> {
                        try {
                            remove.run();
                        } catch (Exception e) {
                            throw new IllegalStateException(e);
                        }
                    });
            awaitRemoval(pair.client, Set.of(pair.client.id()));
            awaitRemoval(pair.server, Set.of(pair.server.id(), pair.listener()));
            answers(pair.server);
        }
        removal.get(LIMIT_S, TimeUnit.SECONDS);
        putBack.run();
        VerbsExercise.connects(provider, address);
    }

    private static void awaitRemoval(VerbsSide side, Set<RdmaCmId> all) throws IOException {
        Set<RdmaCmId> told = new HashSet<>();
        while (!told.equals(all)) {
            CmEvent event = side.cm.getCmEvent(side.events, EVENT_MS);
            check(event != null, "%d of %d identifiers were told", told.size(), all.size());
            if (Objects.requireNonNull(event).type() == EventType.RDMA_CM_EVENT_DEVICE_REMOVAL) {
                told.add(event.id());
            }
            side.cm.ackCmEvent(event);
        }
    }

    /** No call may do worse than fail. */
    private static void answers(VerbsSide side) throws IOException {
        try {
            side.cm.disconnect(side.id());
        } catch (VerbsException e) {
            check(e.errno() > 0, "%s", e);
        }
        try {
            side.postReceive(64, 64);
            side.arm();
        } catch (VerbsException e) {
            check(e.errno() > 0, "%s", e);
        }
        try {
            for (IbvWC completion : side.polled()) {
                check(
                        completion.getStatus() == IbvWcStatus.IBV_WC_WR_FLUSH_ERR.ordinal(),
                        "status %d of a completion",
                        completion.getStatus());
            }
        } catch (VerbsException e) {
            check(e.errno() > 0, "%s", e);
        }
    }
}
