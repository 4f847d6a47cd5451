package org.jnvmet.target;

import static org.jnvmet.wire.fabrics.Properties.CAP_CQR;
import static org.jnvmet.wire.fabrics.Properties.CAP_CRWMS;
import static org.jnvmet.wire.fabrics.Properties.CAP_CSS_IOCSS;
import static org.jnvmet.wire.fabrics.Properties.CAP_CSS_NVM;
import static org.jnvmet.wire.fabrics.Properties.CAP_MQES;
import static org.jnvmet.wire.fabrics.Properties.CAP_TO;
import static org.jnvmet.wire.fabrics.Properties.CC_AMS;
import static org.jnvmet.wire.fabrics.Properties.CC_CRIME;
import static org.jnvmet.wire.fabrics.Properties.CC_CSS;
import static org.jnvmet.wire.fabrics.Properties.CC_EN;
import static org.jnvmet.wire.fabrics.Properties.CC_IOCQES;
import static org.jnvmet.wire.fabrics.Properties.CC_IOSQES;
import static org.jnvmet.wire.fabrics.Properties.CC_MPS;
import static org.jnvmet.wire.fabrics.Properties.CC_SHN;
import static org.jnvmet.wire.fabrics.Properties.CRTO_CRWMT;
import static org.jnvmet.wire.fabrics.Properties.CSTS_CFS;
import static org.jnvmet.wire.fabrics.Properties.CSTS_RDY;
import static org.jnvmet.wire.fabrics.Properties.CSTS_SHST;

import org.jnvmet.wire.fabrics.Properties;

/**
 * Properties of one controller (Base, Controller Properties) and what writing CC does to CSTS. Owned
 * by the admin queue's loop.
 */
public final class Registers {
    /** CAP.TO and CRTO.CRWMT, in units of 500 ms. */
    static final int READY_TIMEOUT_UNITS = 15;

    private static final int SQE_SHIFT = 6;
    private static final int CQE_SHIFT = 4;

    private final Controller controller;
    private int configuration;
    private int status;

    Registers(Controller controller) {
        this.controller = controller;
    }

    /** CAP. */
    public long capabilities() {
        return CAP_MQES.put(controller.maxQueueEntries() - 1)
                | CAP_CQR.put(1)
                | CAP_TO.put(READY_TIMEOUT_UNITS)
                | CAP_CSS_NVM.put(1)
                | CAP_CSS_IOCSS.put(1)
                | CAP_CRWMS.put(1);
    }

    /** CRTO. */
    public int readyTimeouts() {
        return (int) CRTO_CRWMT.put(READY_TIMEOUT_UNITS);
    }

    /** CC. */
    public int configuration() {
        return configuration;
    }

    /** CSTS. */
    public int status() {
        return status;
    }

    boolean enabled() {
        return CC_EN.isSet(configuration);
    }

    /** A host writes CC. */
    public void configure(int next) {
        int previous = configuration;
        configuration = next;
        if (CC_EN.isSet(next) && !CC_EN.isSet(previous)) {
            enable();
        } else if (!CC_EN.isSet(next) && CC_EN.isSet(previous)) {
            configuration = 0;
            status = 0;
            controller.onDisabled();
            return;
        }
        if (CC_SHN.isSet(next) && !CC_SHN.isSet(previous)) {
            status = (int) CSTS_RDY.replace(status, 0);
            controller.onShutdown();
        } else if (!CC_SHN.isSet(next) && CC_SHN.isSet(previous)) {
            status = (int) CSTS_SHST.replace(status, 0);
        }
    }

    /** CSTS.SHST: 00b none, 01b in progress, 10b complete. */
    void shutdownStatus(int value) {
        if (CC_SHN.isSet(configuration)) {
            status = (int) CSTS_SHST.replace(status, value);
        }
    }

    void becomeReady() {
        status = (int) CSTS_RDY.replace(status, 1);
    }

    /** Only the end of the association helps now. */
    void becomeFatal() {
        status = (int) CSTS_CFS.replace(CSTS_RDY.replace(status, 0), 1);
    }

    private void enable() {
        if (acceptable()) {
            status = 0;
            controller.onEnabled();
        } else {
            becomeFatal();
        }
    }

    private boolean acceptable() {
        int css = CC_CSS.of(configuration);
        boolean entrySizes =
                controller.subsystem().isDiscovery()
                        || (CC_IOSQES.of(configuration) == SQE_SHIFT
                                && CC_IOCQES.of(configuration) == CQE_SHIFT);
        return entrySizes
                && !CC_MPS.isSet(configuration)
                && !CC_AMS.isSet(configuration)
                && !CC_CRIME.isSet(configuration)
                && (css == Properties.CSS_NVM || css == Properties.CSS_ALL);
    }
}
