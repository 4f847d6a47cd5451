package org.jnvmet.transport.tcp;

import java.util.ArrayDeque;
import java.util.Objects;

/**
 * Which writes may hold a buffer while they wait for their host's data. Such data can lie behind a
 * capsule that itself needs a buffer, so if these writes could take the whole pool, nobody might ever
 * get one again; they get a part of it. Connections take turns. Owned by one loop.
 */
final class WriteAdmission {
    private final long limitBytes;
    private final ArrayDeque<Solicitor> turns = new ArrayDeque<>();
    private long heldBytes;
    private boolean admitting;

    WriteAdmission(long limitBytes) {
        this.limitBytes = limitBytes;
    }

    /** {@code solicitor} has a write waiting that it had not before. */
    void enter(Solicitor solicitor) {
        if (solicitor.waitingWrites() == 1) {
            turns.add(solicitor);
        }
        admit();
    }

    /** A write of {@code bytes} has its data, or has been dropped. */
    void leave(int bytes) {
        heldBytes -= bytes;
        admit();
    }

    /** The connection of {@code solicitor} is gone. */
    void withdraw(Solicitor solicitor) {
        boolean _ = turns.remove(solicitor);
    }

    long heldBytes() {
        return heldBytes;
    }

    private void admit() {
        if (admitting) {
            return; // by an admitted write that was dropped at once; the loop below goes on
        }
        admitting = true;
        try {
            while (!turns.isEmpty() && fits(turns.getFirst().nextWaiting().dataBytes())) {
                Solicitor solicitor = Objects.requireNonNull(turns.pollFirst());
                TcpRequest request = solicitor.pollWaiting();
                if (solicitor.waitingWrites() > 0) {
                    turns.add(solicitor);
                }
                heldBytes += request.dataBytes();
                solicitor.admitted(request);
            }
        } finally {
            admitting = false;
        }
    }

    /** One write always fits, however long. */
    private boolean fits(int bytes) {
        return heldBytes == 0 || heldBytes + bytes <= limitBytes;
    }
}
