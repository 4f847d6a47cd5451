package org.jnvmet.host;

import org.jnvmet.wire.BitField;
import org.jnvmet.wire.fabrics.Properties;

/** Enables and shuts down a controller through its properties, in the steps of a Linux host. */
final class ControllerState {
    private static final long POLL_MS = 10;
    private static final long TIMEOUT_UNIT_MS = 500;
    private static final int SQE_POWER = 6;
    private static final int CQE_POWER = 4;

    private final HostQueue admin;
    private long capabilities;
    private long configuration;

    ControllerState(HostQueue admin) {
        this.admin = admin;
    }

    /** CAP as read at {@link #enable}. */
    long capabilities() {
        return capabilities;
    }

    void enable() {
        capabilities = get(Properties.CAP, 8);
        boolean allCommandSets = Properties.CAP_CSS_IOCSS.isSet(capabilities);
        configuration =
                Properties.CC_CSS.put(allCommandSets ? Properties.CSS_ALL : Properties.CSS_NVM)
                        | Properties.CC_IOSQES.put(SQE_POWER)
                        | Properties.CC_IOCQES.put(CQE_POWER);
        set(Properties.CC, configuration);
        capabilities = get(Properties.CAP, 8);
        long timeoutUnits = Properties.CAP_TO.of(capabilities);
        if (Properties.CAP_CRWMS.isSet(capabilities)) {
            long ready = get(Properties.CRTO, 4);
            timeoutUnits = Math.max(timeoutUnits, Properties.CRTO_CRWMT.of(ready));
        }
        configuration = Properties.CC_EN.replace(configuration, 1);
        set(Properties.CC, configuration);
        await(Properties.CSTS_RDY, 1, (timeoutUnits + 1) * TIMEOUT_UNIT_MS);
    }

    void shutDown() {
        configuration = Properties.CC_SHN.replace(configuration, Properties.SHN_NORMAL);
        set(Properties.CC, configuration);
        long timeoutUnits = Properties.CAP_TO.of(capabilities);
        await(Properties.CSTS_SHST, Properties.SHST_COMPLETE, (timeoutUnits + 1) * TIMEOUT_UNIT_MS);
    }

    /** Clears CC.EN and waits until the controller is not ready. */
    void disable() {
        configuration = Properties.CC_EN.replace(configuration, 0);
        set(Properties.CC, configuration);
        long timeoutUnits = Properties.CAP_TO.of(capabilities);
        await(Properties.CSTS_RDY, 0, (timeoutUnits + 1) * TIMEOUT_UNIT_MS);
    }

    long get(int property, int bytes) {
        return admin.execute(AdminCommands.propertyGet(property, bytes)).orThrow().result();
    }

    private void set(int property, long value) {
        admin.execute(AdminCommands.propertySet(property, value)).orThrow();
    }

    private void await(BitField field, int value, long timeoutMs) {
        long deadline = System.nanoTime() + timeoutMs * 1_000_000;
        while (true) {
            long status = get(Properties.CSTS, 4);
            if (field.of(status) == value) {
                return;
            }
            if (Properties.CSTS_CFS.isSet(status)) {
                throw new HostException("the controller reports a fatal status (CSTS.CFS)");
            }
            if (System.nanoTime() - deadline >= 0) {
                throw new HostException(
                        "CSTS is %xh after %d ms, not what CC %xh asks for"
                                .formatted(status, timeoutMs, configuration));
            }
            pause();
        }
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("interrupted while waiting for the controller", e);
        }
    }
}
