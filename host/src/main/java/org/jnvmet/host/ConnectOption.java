package org.jnvmet.host;

/** The options of a connection that a user may give, by the names of Linux's {@code nvme_fabrics}. */
public enum ConnectOption {
    TRADDR("traddr", true),
    NQN("nqn", true),
    HOSTNQN("hostnqn", true),
    HOSTID("hostid", true),
    NR_IO_QUEUES("nr_io_queues", true),
    QUEUE_SIZE("queue_size", true),
    KEEP_ALIVE_TMO("keep_alive_tmo", true),
    RECONNECT_DELAY("reconnect_delay", true),
    CTRL_LOSS_TMO("ctrl_loss_tmo", true),
    FAST_IO_FAIL_TMO("fast_io_fail_tmo", true),
    DISABLE_SQFLOW("disable_sqflow", true),
    DUPLICATE_CONNECT("duplicate_connect", true),
    TRSVCID("trsvcid", false),
    HOST_TRADDR("host_traddr", false),
    HOST_IFACE("host_iface", false),
    HDR_DIGEST("hdr_digest", false),
    DATA_DIGEST("data_digest", false);

    private final String text;
    private final boolean everywhere;

    ConnectOption(String text, boolean everywhere) {
        this.text = text;
        this.everywhere = everywhere;
    }

    /** Whether every transport takes it; the others must say so. */
    public boolean everywhere() {
        return everywhere;
    }

    /** Its name as Linux writes it. */
    @Override
    public String toString() {
        return text;
    }
}
