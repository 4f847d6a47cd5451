package org.jnvmet.host;

import static org.jnvmet.wire.admin.IdentifyController.CNTLID;
import static org.jnvmet.wire.admin.IdentifyController.CNTRLTYPE;
import static org.jnvmet.wire.admin.IdentifyController.ICDOFF;
import static org.jnvmet.wire.admin.IdentifyController.IOCCSZ;
import static org.jnvmet.wire.admin.IdentifyController.IORCSZ;
import static org.jnvmet.wire.admin.IdentifyController.KAS;
import static org.jnvmet.wire.admin.IdentifyController.SGLS;
import static org.jnvmet.wire.admin.IdentifyController.SUBNQN;

import org.jnvmet.wire.Nqn;
import org.jnvmet.wire.admin.IdentifyController;

/** What a fabrics host demands of Identify Controller; a Linux host demands the same. */
final class IdentityChecks {
    static final int DISCOVERY_TYPE = 2;

    private static final int MIN_IOCCSZ = 4;
    private static final int MAX_IOCCSZ = 1 << 20;
    private static final int SGLS_SUPPORTED = 3;

    private IdentityChecks() {}

    static void check(IdentifyController identity, int controllerId, ConnectOptions options) {
        if (identity.getInt(CNTLID) != controllerId) {
            throw violation("CNTLID", identity.get(CNTLID), "Connect gave " + controllerId);
        }
        boolean discovery = options.subsystemNqn().equals(Nqn.DISCOVERY);
        if (discovery || identity.getInt(CNTRLTYPE) == DISCOVERY_TYPE) {
            return;
        }
        if (identity.get(KAS) == 0) {
            throw violation("KAS", 0, "fabrics controllers support Keep Alive");
        }
        if (identity.get(IOCCSZ) < MIN_IOCCSZ || identity.get(IOCCSZ) > MAX_IOCCSZ) {
            throw violation(
                    "IOCCSZ", identity.get(IOCCSZ), "a command capsule has 64 bytes or more");
        }
        if (identity.get(IORCSZ) < 1) {
            throw violation("IORCSZ", 0, "a response capsule has 16 bytes");
        }
        if (identity.get(ICDOFF) != 0) {
            throw violation("ICDOFF", identity.get(ICDOFF), "in-capsule data begins at 0");
        }
        if ((identity.getInt(SGLS) & SGLS_SUPPORTED) == 0) {
            throw violation("SGLS", identity.get(SGLS), "fabrics controllers support SGLs");
        }
        if (!identity.get(SUBNQN).equals(options.subsystemNqn())) {
            throw new ProtocolViolation(
                    "Identify Controller: SUBNQN '%s' is not the '%s' we connected to"
                            .formatted(identity.get(SUBNQN), options.subsystemNqn()));
        }
    }

    private static ProtocolViolation violation(String field, long value, String rule) {
        return new ProtocolViolation(
                "Identify Controller: %s is %d: %s".formatted(field, value, rule));
    }
}
