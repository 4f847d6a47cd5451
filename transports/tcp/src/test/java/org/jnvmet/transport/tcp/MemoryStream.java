package org.jnvmet.transport.tcp;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A stream whose peer is the test: what it feeds is received in exactly those pieces. On the loop of its
 * connection.
 */
final class MemoryStream implements ByteStream {
    private final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private @Nullable Events events;
    private byte[] pending = new byte[0];
    private int position;
    private boolean reading = true;
    private boolean closed;
    private boolean finished;

    MemoryStream attach(Events connection) {
        events = connection;
        return this;
    }

    /** Lets the connection receive {@code piece}, and then nothing. */
    void feed(byte[] piece) {
        byte[] left = new byte[pending.length - position + piece.length];
        System.arraycopy(pending, position, left, 0, pending.length - position);
        System.arraycopy(piece, 0, left, pending.length - position, piece.length);
        pending = left;
        position = 0;
        pump();
    }

    /** Lets the connection receive what it has not taken. */
    void pump() {
        Events connection = events;
        while (connection != null && reading && !closed && position < pending.length) {
            connection.onReadable();
        }
    }

    boolean hasUnread() {
        return position < pending.length;
    }

    boolean closed() {
        return closed;
    }

    boolean finished() {
        return finished;
    }

    /** The complete PDUs that were sent. */
    List<Received> sent() {
        byte[] all = sent.toByteArray();
        List<Received> pdus = new ArrayList<>();
        for (int at = 0; at < all.length; ) {
            byte[] rest = Arrays.copyOfRange(all, at, all.length);
            int length = new Received(rest).u32(4);
            pdus.add(new Received(Arrays.copyOf(rest, length)));
            at += length;
        }
        return pdus;
    }

    @Override
    public int receive(long address, int bytes) {
        int part = Math.min(bytes, pending.length - position);
        MemorySegment.copy(pending, position, at(address, part), ValueLayout.JAVA_BYTE, 0, part);
        position += part;
        return part;
    }

    @Override
    public long send(long vector, int count) {
        MemorySegment entries = at(vector, count * 16L);
        long total = 0;
        for (int i = 0; i < count; i++) {
            long address = entries.get(ValueLayout.JAVA_LONG, i * 16L);
            long bytes = entries.get(ValueLayout.JAVA_LONG, i * 16L + 8);
            sent.writeBytes(at(address, bytes).toArray(ValueLayout.JAVA_BYTE));
            total += bytes;
        }
        return total;
    }

    @SuppressWarnings("restricted") // stands in for the kernel, which takes addresses too
    private static MemorySegment at(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    @Override
    public void interest(boolean read, boolean write) {
        reading = read;
    }

    @Override
    public void finishSending() {
        finished = true;
    }

    @Override
    public void close(boolean reset) {
        closed = true;
    }
}
