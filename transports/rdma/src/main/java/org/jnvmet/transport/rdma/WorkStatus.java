package org.jnvmet.transport.rdma;

/** What {@code enum ibv_wc_status} says, for people. */
final class WorkStatus {
    static final int SUCCESS = 0;

    private static final String[] MEANINGS = {
        "success",
        "local length error",
        "local queue pair operation error",
        "local end-to-end context error",
        "local protection error",
        "flushed",
        "memory window bind error",
        "bad response",
        "local access error",
        "remote invalid request",
        "remote access error",
        "remote operation error",
        "the host does not answer",
        "the host has no receive",
        "local domain violation",
        "remote invalid domain request",
        "remote aborted",
        "invalid end-to-end context number",
        "invalid end-to-end context state",
        "fatal error",
        "response timeout",
        "general error"
    };

    private WorkStatus() {}

    static String meaning(int status) {
        return status >= 0 && status < MEANINGS.length
                ? "%s (%d)".formatted(MEANINGS[status], status)
                : "status " + status;
    }
}
