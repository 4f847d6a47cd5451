package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.LogPage;

/** Reads the ANA log of a controller: at one moment of it, and in parts if it exceeds a transfer. */
final class AnaLogReader {
    /** A longer log is refused; it has room for more than 100,000 groups. */
    static final long MAX_BYTES = 4 << 20;

    private static final int ATTEMPTS = 10;
    private static final int ANA_REPORTING = 1 << 3;

    private AnaLogReader() {}

    /** Whether the controller reports ANA states at all (CMIC). */
    static boolean isSupported(IdentifyController identity) {
        return (identity.getInt(IdentifyController.CMIC) & ANA_REPORTING) != 0;
    }

    /**
     * Reads the log; the event that announced it is cleared by that. Waits.
     *
     * @throws ProtocolViolation when the log, or what Identify Controller says of it, cannot be
     * @throws HostException when it was not to be had
     */
    static AnaGroups read(HostController controller) {
        IdentifyController identity = controller.identity();
        int bytes = logBytes(identity);
        int maxGroupId = identity.getInt(IdentifyController.ANAGRPMAX);
        int most = controller.maxTransferBytes() & -4;
        MemorySegment page =
                bytes <= most ? part(controller, false, bytes, 0) : whole(controller, bytes, most);
        return AnaGroups.parse(page, maxGroupId);
    }

    /** Most that the log can have, as a Linux host reckons. */
    private static int logBytes(IdentifyController identity) {
        long groups = identity.get(IdentifyController.NANAGRPID);
        long namespaces = identity.get(IdentifyController.MNAN);
        long highest = identity.get(IdentifyController.NN);
        if (groups == 0) {
            throw new ProtocolViolation("Identify Controller: ANA without groups (NANAGRPID is 0)");
        }
        if (namespaces == 0 || namespaces > highest) {
            throw new ProtocolViolation(
                    "Identify Controller: ANA with MNAN %d, and NN is %d"
                            .formatted(namespaces, highest));
        }
        long bytes = AnaLog.BYTES + groups * AnaGroup.BYTES + namespaces * Integer.BYTES;
        if (bytes > MAX_BYTES) {
            throw new ProtocolViolation(
                    "Identify Controller: an ANA log of %d bytes, above %d"
                            .formatted(bytes, MAX_BYTES));
        }
        return (int) bytes;
    }

    /** In parts; again from the beginning when the log changed meanwhile. */
    private static MemorySegment whole(HostController controller, int bytes, int most) {
        MemorySegment page = MemorySegment.ofArray(new byte[bytes]);
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            for (int offset = 0; offset < bytes; offset += most) {
                int some = Math.min(most, bytes - offset);
                MemorySegment.copy(part(controller, true, some, offset), 0, page, offset, some);
            }
            MemorySegment after = part(controller, false, AnaLog.BYTES, 0);
            if (changeCount(page) == changeCount(after)) {
                return page;
            }
        }
        throw new HostException(
                "%s: the ANA log changed during each of %d reads".formatted(controller, ATTEMPTS));
    }

    private static long changeCount(MemorySegment page) {
        return new AnaLog().wrap(page, 0).get(AnaLog.CHANGE_COUNT);
    }

    private static MemorySegment part(
            HostController controller, boolean retainEvent, int bytes, long offset) {
        return controller
                .admin(AdminCommands.getLogPage(LogPage.ANA, retainEvent, bytes, offset))
                .orThrow()
                .data();
    }
}
