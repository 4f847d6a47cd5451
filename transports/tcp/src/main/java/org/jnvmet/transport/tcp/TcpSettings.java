package org.jnvmet.transport.tcp;

/**
 * Everything about the TCP transport that can be chosen, with defaults that serve a storage machine.
 *
 * @param loops event loops; each is one thread with its own memory
 * @param memory what each loop may use
 * @param protocol what hosts are told and what they are held to
 * @param limits how long a peer may take
 * @param sockets what the kernel is asked for
 */
public record TcpSettings(
        int loops, Memory memory, Protocol protocol, TimeLimits limits, Sockets sockets) {
    /** The defaults. */
    public static final TcpSettings DEFAULTS =
            new TcpSettings(
                    Runtime.getRuntime().availableProcessors(),
                    new Memory(256 << 10, 256L << 20, 8L << 20, 16 << 20, 4 << 20),
                    new Protocol(1 << 20, 1 << 20, 1 << 20, 256 << 10, 16 << 10, 0),
                    new TimeLimits(10_000, 30_000, 30_000, 30_000, 8_000),
                    new Sockets(1024, 16_384, 0, 0, 0));

    public TcpSettings {
        require(loops, 1, 1024, "loops");
    }

    public TcpSettings withLoops(int count) {
        return new TcpSettings(count, memory, protocol, limits, sockets);
    }

    public TcpSettings withMemory(Memory memory) {
        return new TcpSettings(loops, memory, protocol, limits, sockets);
    }

    public TcpSettings withProtocol(Protocol protocol) {
        return new TcpSettings(loops, memory, protocol, limits, sockets);
    }

    public TcpSettings withLimits(TimeLimits limits) {
        return new TcpSettings(loops, memory, protocol, limits, sockets);
    }

    public TcpSettings withSockets(Sockets sockets) {
        return new TcpSettings(loops, memory, protocol, limits, sockets);
    }

    /**
     * Memory of one loop.
     *
     * @param receiveBytes most bytes of one receive, and so of one batch of commands
     * @param poolBytes bound of the buffers for data; writes that wait for their host's data get half
     * @param reserveBytes bound of the buffers for admin and Fabrics commands
     * @param spillBytes bound of what stalled connections have received and not interpreted; beyond
     *     it each receives at most 4 KiB at a time
     * @param creditBytes most bytes that one connection has asked its host for and not received
     */
    public record Memory(
            int receiveBytes, long poolBytes, long reserveBytes, int spillBytes, int creditBytes) {
        public Memory {
            require(receiveBytes, 4096, 16 << 20, "receiveBytes");
            require(poolBytes, 1 << 20, Integer.MAX_VALUE, "poolBytes");
            require(reserveBytes, 64 << 10, Integer.MAX_VALUE, "reserveBytes");
            require(spillBytes, 0, 1 << 30, "spillBytes");
            require(creditBytes, 4096, 1 << 30, "creditBytes");
        }
    }

    /**
     * The protocol's own parameters.
     *
     * @param maxTransferBytes largest transfer of one command, a power of two
     * @param maxH2cDataBytes MAXH2CDATA: most data of one H2CData PDU
     * @param maxR2tBytes most data that one R2T asks for
     * @param maxC2hDataBytes most data of one C2HData PDU; longer reads take several, so that short
     *     ones need not wait behind them
     * @param inlineBytes in-capsule data when the port does not say
     * @param dataAlignment CPDA, 0's based in units of 4 bytes; the Linux host accepts 0 only
     */
    public record Protocol(
            int maxTransferBytes,
            int maxH2cDataBytes,
            int maxR2tBytes,
            int maxC2hDataBytes,
            int inlineBytes,
            int dataAlignment) {
        public Protocol {
            require(maxTransferBytes, 4096, 32 << 20, "maxTransferBytes");
            if (Integer.bitCount(maxTransferBytes) != 1) {
                throw new IllegalArgumentException("maxTransferBytes " + maxTransferBytes);
            }
            require(maxH2cDataBytes, 4096, 32 << 20, "maxH2cDataBytes");
            if (maxH2cDataBytes % 4 != 0) {
                throw new IllegalArgumentException("maxH2cDataBytes " + maxH2cDataBytes);
            }
            require(maxR2tBytes, 4096, 32 << 20, "maxR2tBytes");
            require(maxC2hDataBytes, 4096, 32 << 20, "maxC2hDataBytes");
            require(inlineBytes, 0, maxTransferBytes, "inlineBytes");
            require(dataAlignment, 0, 31, "dataAlignment");
        }
    }

    /**
     * How long a peer may take, in milliseconds.
     *
     * @param connectMs from accept to a successful Connect
     * @param dataMs without a byte of data that was asked for, or within a PDU
     * @param sendMs without taking a byte of what is sent
     * @param terminationMs from our C2HTermReq to the peer's close
     * @param shutdownMs for commands that still run when the transport closes
     */
    public record TimeLimits(
            int connectMs, int dataMs, int sendMs, int terminationMs, int shutdownMs) {
        public TimeLimits {
            require(connectMs, 1, 3_600_000, "connectMs");
            require(dataMs, 1, 3_600_000, "dataMs");
            require(sendMs, 1, 3_600_000, "sendMs");
            require(terminationMs, 1, 3_600_000, "terminationMs");
            require(shutdownMs, 1, 3_600_000, "shutdownMs");
        }
    }

    /**
     * Sockets and polling.
     *
     * @param backlog connections that wait for accept
     * @param maxConnections of the whole transport; more are closed at once
     * @param sendBufferBytes SO_SNDBUF, 0 leaves it to the kernel
     * @param receiveBufferBytes SO_RCVBUF, 0 leaves it to the kernel
     * @param busyPollMicros how long an idle loop polls before it sleeps; 0 never
     */
    public record Sockets(
            int backlog,
            int maxConnections,
            int sendBufferBytes,
            int receiveBufferBytes,
            int busyPollMicros) {
        public Sockets {
            require(backlog, 1, 65_535, "backlog");
            require(maxConnections, 1, 1_000_000, "maxConnections");
            require(sendBufferBytes, 0, 1 << 30, "sendBufferBytes");
            require(receiveBufferBytes, 0, 1 << 30, "receiveBufferBytes");
            require(busyPollMicros, 0, 1_000_000, "busyPollMicros");
        }
    }

    private static void require(long value, long least, long most, String name) {
        if (value < least || value > most) {
            throw new IllegalArgumentException(
                    "%s is %d, not %d to %d".formatted(name, value, least, most));
        }
    }
}
