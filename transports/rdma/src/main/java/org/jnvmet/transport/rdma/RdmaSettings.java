package org.jnvmet.transport.rdma;

/**
 * Everything about the RDMA transport that can be chosen, with defaults that serve a storage machine.
 *
 * @param loops event loops; each is one thread with its own memory and completion queues
 * @param memory what each loop may use
 * @param protocol what hosts are told and what they are held to
 * @param queues how many there may be, and where they receive
 * @param limits how long things may take
 * @param busyPollMicros how long an idle loop polls its completion queues before it sleeps; 0 never
 */
public record RdmaSettings(
        int loops,
        Memory memory,
        Protocol protocol,
        Queues queues,
        TimeLimits limits,
        int busyPollMicros) {
    /** The defaults. */
    public static final RdmaSettings DEFAULTS =
            new RdmaSettings(
                    Runtime.getRuntime().availableProcessors(),
                    new Memory(64L << 20, 4L << 20),
                    new Protocol(1 << 20, 4096),
                    new Queues(4096, 0, 16_384, 128),
                    new TimeLimits(1_000, 60_000, 1_000, 8_000),
                    50);

    public RdmaSettings {
        require(loops, 1, 1024, "loops");
        require(busyPollMicros, 0, 1_000_000, "busyPollMicros");
    }

    public RdmaSettings withLoops(int count) {
        return new RdmaSettings(count, memory, protocol, queues, limits, busyPollMicros);
    }

    public RdmaSettings withMemory(Memory memory) {
        return new RdmaSettings(loops, memory, protocol, queues, limits, busyPollMicros);
    }

    public RdmaSettings withProtocol(Protocol protocol) {
        return new RdmaSettings(loops, memory, protocol, queues, limits, busyPollMicros);
    }

    public RdmaSettings withQueues(Queues queues) {
        return new RdmaSettings(loops, memory, protocol, queues, limits, busyPollMicros);
    }

    public RdmaSettings withLimits(TimeLimits limits) {
        return new RdmaSettings(loops, memory, protocol, queues, limits, busyPollMicros);
    }

    public RdmaSettings withBusyPollMicros(int micros) {
        return new RdmaSettings(loops, memory, protocol, queues, limits, micros);
    }

    /**
     * Memory of one loop. A device that serves it pins all of it.
     *
     * @param poolBytes bound of the buffers for data
     * @param reserveBytes bound of the buffers for admin and Fabrics commands
     */
    public record Memory(long poolBytes, long reserveBytes) {
        public Memory {
            require(poolBytes, 1 << 20, Integer.MAX_VALUE, "poolBytes");
            require(reserveBytes, 64 << 10, Integer.MAX_VALUE, "reserveBytes");
        }
    }

    /**
     * The protocol's own parameters.
     *
     * @param maxTransferBytes largest transfer of one command, a power of two
     * @param inlineBytes in-capsule data when the port does not say, up to 16 KiB
     */
    public record Protocol(int maxTransferBytes, int inlineBytes) {
        /** Most in-capsule data of any port. */
        public static final int MAX_INLINE_BYTES = 16 << 10;

        public Protocol {
            require(maxTransferBytes, 4096, 8 << 20, "maxTransferBytes");
            if (Integer.bitCount(maxTransferBytes) != 1) {
                throw new IllegalArgumentException("maxTransferBytes " + maxTransferBytes);
            }
            require(inlineBytes, 0, MAX_INLINE_BYTES, "inlineBytes");
        }
    }

    /**
     * Queues.
     *
     * @param maxQueues of the whole transport; requests for more are rejected
     * @param sharedReceives entries of the shared receive queue of each loop and device; 0: each queue has
     *     receives of its own
     * @param completions entries of a completion queue; a loop has another one when its queues need more
     * @param backlog connection requests that wait
     */
    public record Queues(int maxQueues, int sharedReceives, int completions, int backlog) {
        public Queues {
            require(maxQueues, 1, 1_000_000, "maxQueues");
            require(sharedReceives, 0, 32_768, "sharedReceives");
            require(completions, 1024, 1 << 20, "completions");
            require(backlog, 1, 65_535, "backlog");
        }
    }

    /**
     * How long things may take, in milliseconds.
     *
     * @param flushMs for the work requests of a queue that ends to be flushed
     * @param transferMs without a completion while data or a response is on its way
     * @param relistenMs between attempts to listen again at an address that was lost
     * @param shutdownMs for commands that still run when the transport closes
     */
    public record TimeLimits(int flushMs, int transferMs, int relistenMs, int shutdownMs) {
        public TimeLimits {
            require(flushMs, 1, 3_600_000, "flushMs");
            require(transferMs, 1, 3_600_000, "transferMs");
            require(relistenMs, 1, 3_600_000, "relistenMs");
            require(shutdownMs, 1, 3_600_000, "shutdownMs");
        }
    }

    private static void require(long value, long least, long most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "%s is %d, not %d to %d".formatted(name, value, least, most));
        }
    }
}
