package org.jnvmet.interop;

/** A guest with peer memory, which the kernel must have got back after each test. */
abstract class PeerScenario extends GuestScenario {
    /** What the kernel says of a direct I/O whose memory does not reach the disk. */
    static final String[] REFUSED_BY_KERNEL = {
        "cannot be used for peer-to-peer DMA as the client and provider", "invalid error, dev nvme"
    };

    private final String devices;
    private final String processor;

    /**
     * A machine.
     *
     * @param devices what boot.sh calls the tree of devices
     * @param processor QEMU's name of the processor
     */
    PeerScenario(String devices, String processor) {
        this.devices = devices;
        this.processor = processor;
    }

    @Override
    final JavaGuest boot(String name) {
        JavaGuest guest = JavaGuest.withPeerMemory(name, devices, processor);
        guest.run("peer_interface");
        return guest;
    }

    /** Bytes of memory that cmb0 has when nobody uses it. */
    @Override
    final String variables() {
        return "IDLE=" + machine().run("cat $(peer_memory cmb0)/available");
    }

    @Override
    final String allIsBack() {
        return "all_is_back";
    }
}
