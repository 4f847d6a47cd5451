package org.jnvmet.host.tcp;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/** Buffered blocking reads: headers from the buffer, large data straight to where it belongs. */
final class SocketInput {
    private static final int BUFFER = 64 << 10;

    private final SocketChannel socket;
    private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER).flip();

    SocketInput(SocketChannel socket) {
        this.socket = socket;
    }

    /** Fills {@code target} up to its limit; an end of the stream before that throws. */
    void readFully(ByteBuffer target) throws IOException {
        while (target.hasRemaining()) {
            if (buffer.hasRemaining()) {
                int count = Math.min(buffer.remaining(), target.remaining());
                target.put(target.position(), buffer, buffer.position(), count);
                target.position(target.position() + count);
                buffer.position(buffer.position() + count);
            } else if (target.remaining() >= BUFFER) {
                demand(socket.read(target));
            } else {
                fill();
            }
        }
    }

    /** Reads and forgets until the peer closes. */
    void drain() throws IOException {
        int count;
        do {
            count = socket.read(buffer.clear());
        } while (count >= 0);
    }

    private void fill() throws IOException {
        buffer.clear();
        try {
            demand(socket.read(buffer));
        } finally {
            buffer.flip();
        }
    }

    private static void demand(int count) throws EOFException {
        if (count < 0) {
            throw new EOFException("the controller closed the connection");
        }
    }
}
