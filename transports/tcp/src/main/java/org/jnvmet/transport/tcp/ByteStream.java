package org.jnvmet.transport.tcp;

import java.io.IOException;

/**
 * The bytes below the PDUs of one connection: a socket, or what encrypts it. Owned by the
 * connection's loop.
 */
interface ByteStream {
    /** What a stream tells its connection; owner loop only. */
    interface Events {
        /** There may be bytes to receive, or the end of the stream. */
        void onReadable();

        /** There may be room to send. */
        void onWritable();

        /** The peer is gone, while nobody was reading. */
        void onHangUp();
    }

    /** Receives up to {@code bytes} at a native address: the count, 0 when there are none, -1 at the end. */
    int receive(long address, int bytes) throws IOException;

    /**
     * Sends what {@code count} entries of a native {@code struct iovec} array describe: the number of
     * bytes that were taken, 0 when there is no room.
     */
    long send(long vector, int count) throws IOException;

    /** What to report from now on. Without {@code read} the peer's end is still reported, as a hang-up. */
    void interest(boolean read, boolean write);

    /** Tells the peer that nothing more is sent. */
    void finishSending() throws IOException;

    /** Ends the stream; with {@code reset} the peer loses what it has not received. Idempotent. */
    void close(boolean reset);
}
