package org.jnvmet.transport.tcp;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/**
 * Feeds a reader from a stream: many PDUs with one call into the region that all connections of the
 * loop share, long data straight into its buffer. When the reader stalls, nothing more is received, and
 * what is in the region already is put aside. Owned by the connection's loop.
 */
final class Receiver {
    /** Data of at least this length is received where it belongs; less is not worth a call of its own. */
    private static final int DIRECT_BYTES = 16 << 10;

    /** Enough for the header of the data that is expected. */
    private static final int EXPECTING_BYTES = 4096;

    private final TcpLoop loop;
    private final ByteStream stream;
    private final PduReader reader;
    private final Solicitor solicitor;
    private @Nullable Spill spill;

    Receiver(TcpLoop loop, ByteStream stream, PduReader reader, Solicitor solicitor) {
        this.loop = loop;
        this.stream = stream;
        this.reader = reader;
        this.solicitor = solicitor;
    }

    /** Receives and interprets what is there, up to the size of a batch. False at the end of the stream. */
    boolean receive() throws IOException {
        int budget = loop.settings().memory().receiveBytes();
        boolean more = !reader.stalled();
        while (more && budget > 0) {
            long missing = reader.missingData();
            boolean direct = missing >= DIRECT_BYTES;
            int wanted = direct ? (int) missing : receiveBytes();
            long address = direct ? reader.dataAddress() : loop.receiveRegion().address();
            int received = stream.receive(address, wanted);
            if (received < 0) {
                return false;
            }
            if (direct) {
                reader.onDirectData(received);
            } else if (!reader.stopped()) {
                interpret(received);
            }
            budget -= received;
            more = received == wanted && !reader.stalled();
        }
        return true;
    }

    /** When much data is expected, its header and not much more, so that the rest goes where it belongs. */
    private int receiveBytes() {
        return solicitor.inFlightBytes() >= 2 * DIRECT_BYTES
                ? EXPECTING_BYTES
                : loop.receiveLimit();
    }

    private void interpret(int received) {
        MemorySegment region = loop.receiveRegion();
        long position = reader.read(region, 0, received);
        if (reader.stalled() && position < received) {
            spill = new Spill(region, position, received - position);
            loop.spilled(received - position);
        }
    }

    /** Goes on with what was put aside, if the reader can. */
    @SuppressWarnings("ReferenceEquality") // the very spill
    void resume() {
        if (!reader.stalled()) {
            return;
        }
        reader.resume();
        Spill waiting = spill;
        if (waiting == null) {
            long _ = reader.read(MemorySegment.NULL, 0, 0);
            return;
        }
        long position = reader.read(waiting.memory(), waiting.position(), waiting.end());
        if (spill != waiting) {
            return; // what it said closed the connection
        }
        loop.spilled(waiting.position() - position);
        waiting.position(position);
        if (waiting.isEmpty() || reader.stopped()) {
            freeSpill();
        }
    }

    /** Drops what was put aside. */
    void freeSpill() {
        Spill waiting = spill;
        if (waiting != null) {
            spill = null;
            loop.spilled(waiting.position() - waiting.end());
            waiting.free();
        }
    }
}
