package org.jnvmet.host;

/** What only queues may do with requests, for tests that stand in a queue's place. */
public final class Requests {
    private Requests() {}

    /** Gives the request the slot of its next submission, and an identifier of the first generation. */
    public static HostRequest identify(HostRequest request, int slot) {
        request.identify(slot, slot);
        return request;
    }

    /** A request whose completion goes nowhere: it is the transport's {@code done} that counts. */
    public static HostRequest of(HostCommand command) {
        return new HostRequest(command, _ -> {});
    }
}
