package org.jnvmet.host.tcp;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.HostRequest;

/**
 * A command on its way: what has been received, asked for and sent. Owned by the reader thread, but
 * for the count of outstanding R2Ts, which the sender lowers.
 */
final class Transfer {
    final HostRequest request;
    final boolean inCapsule;
    final ByteBuffer dataOut;
    final ByteBuffer dataIn;

    /** R2Ts received and not answered in full. */
    final AtomicInteger outstandingR2ts = new AtomicInteger();

    long received;
    long askedFor;
    boolean digestFailed;

    Transfer(HostRequest request, boolean inCapsule) {
        this.request = request;
        this.inCapsule = inCapsule;
        dataOut = view(request.dataOut());
        dataIn = view(request.dataIn());
    }

    private static ByteBuffer view(MemorySegment data) {
        return data.byteSize() == 0 ? ByteBuffer.allocate(0) : data.asByteBuffer();
    }

    int commandId() {
        return request.commandId();
    }

    /** Bytes that the controller has to ask for by R2T. */
    int toAskFor() {
        return inCapsule ? 0 : dataOut.capacity();
    }
}
