package org.jnvmet.interop;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

/**
 * A guest with a software RDMA device, on which target and host meet. The target is jnvmet or, to prove
 * the scenarios themselves, the kernel's ({@code -Dinterop.target=kernel}). After each test no
 * more of the device is in use than by a jnvmet without hosts.
 */
abstract class RdmaScenario extends GuestScenario {
    /** What the host says when a connection goes away under it and comes back. */
    static final String[] CONNECTION_LOST = {
        "starting error recovery",
        "rdma connection establishment failed \\(-(104|110|111|113)\\)",
        "Connect rejected: status 8 \\(invalid service ID\\)",
        "no usable path - requeuing I/O",
        "nvme_ns_head_submit_bio: \\d+ callbacks suppressed",
        "Failed to get ANA log: -?\\d+",
        "long keepalive RTT \\(\\d+ ms\\)", // as long as the target was away
        "Property Set error: 880, offset 0x14" // the host cannot say goodbye
    };

    /** What the host says of the I/O of a disk that it has given up. */
    static final String[] DISK_LOST = {
        "no available path - failing I/O", "I/O error", "nvme_ns_head_submit_bio: \\d+ callbacks"
    };

    /** What a kernel says of the interface below its RDMA device, which is of no real hardware. */
    static final String NO_SPEED = "rdma0 speed is unknown, defaulting to 1000";

    private static final String SERVER = System.getProperty("interop.target", "jnvmet");

    @Override
    JavaGuest boot(String name) {
        JavaGuest guest = JavaGuest.withRdma(name, SERVER);
        guest.run("rdma_machine");
        return guest;
    }

    @Override
    final String variables() {
        expectKernelMessages(NO_SPEED);
        machine().run("learn_idle");
        return "";
    }

    @Override
    final String allIsBack() {
        return "nothing_in_use || { in_use; cat /run/idle; rdma resource show qp; rdma resource show cq; rdma resource show mr;"
                + " rdma resource show pd; rdma resource show cm_id; false; }";
    }

    /** For what jnvmet can do and the kernel's own target cannot. */
    static void onlyJnvmet() {
        assumeFalse(SERVER.equals("kernel"), "the kernel's target cannot do this");
    }
}
