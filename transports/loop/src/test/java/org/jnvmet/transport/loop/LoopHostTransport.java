package org.jnvmet.transport.loop;

import java.lang.foreign.MemorySegment;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostQueueChannel;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.HostTransport;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sgl;

/** The host library on top of connections within this process. */
record LoopHostTransport(LoopTransport transport, String address) implements HostTransport {
    @Override
    public HostQueueChannel open(QueueOptions options) {
        LoopConnection connection;
        try {
            connection = transport.connect(address);
        } catch (IllegalStateException e) {
            throw new HostException("no connection to " + address, e);
        }
        return new Channel(connection);
    }

    private record Channel(LoopConnection connection) implements HostQueueChannel {
        @Override
        public void submit(HostRequest request) {
            MemorySegment data =
                    request.dataOut().byteSize() > 0 ? request.dataOut() : request.dataIn();
            Sgl.transport(request.sqe(), (int) data.byteSize());
            connection.submit(
                    request.sqe().memory(),
                    data,
                    new LoopConnection.Handler() {
                        @Override
                        public void completed(Cqe cqe) {
                            request.complete(cqe);
                        }

                        @Override
                        public void disconnected(String reason) {
                            request.fail(new HostException(reason));
                        }
                    });
        }

        @Override
        public void close() {
            connection.close();
        }
    }
}
