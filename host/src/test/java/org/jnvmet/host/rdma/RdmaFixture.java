package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.QueueOptions;
import org.jnvmet.verbs.software.Resources;
import org.jnvmet.verbs.software.SoftwareFabric;

/** A network in this process, a target on it that does what the test says, and the host's transport. */
final class RdmaFixture implements AutoCloseable {
    static final int PAGE = 4096;
    static final int IN_CAPSULE = 4096;

    final SoftwareFabric fabric;
    final RawTarget target;
    final RdmaTransport transport;

    RdmaFixture() {
        this(RdmaSettings.DEFAULTS);
    }

    RdmaFixture(RdmaSettings settings) {
        fabric = new SoftwareFabric(5).addDevice("soft0", address("127.0.0.1"));
        target =
                new RawTarget(fabric.provider(), new InetSocketAddress(address("127.0.0.1"), 4420));
        transport = new RdmaTransport(fabric::provider, settings);
    }

    static InetAddress address(String text) {
        try {
            return InetAddress.getByName(text);
        } catch (UnknownHostException e) {
            throw new IllegalStateException(e);
        }
    }

    static ConnectOptions options() {
        return ConnectOptions.to("nqn.2014-08.org.nvmexpress:disk")
                .transport("rdma")
                .address("127.0.0.1");
    }

    static QueueOptions admin() {
        return new QueueOptions(0, 32, 8192, true, 5000);
    }

    static QueueOptions io(int entries) {
        return new QueueOptions(1, entries, IN_CAPSULE, true, 5000);
    }

    LooseQueue open(QueueOptions queue) {
        return open(options(), queue);
    }

    LooseQueue open(ConnectOptions connect, QueueOptions queue) {
        return new LooseQueue(transport.route(connect), queue, 20_000);
    }

    /** What the host has made on the fabric must be gone when its queues are; the target's listener stays. */
    void assertNothingLeft() {
        assertThat(fabric.resources()).isEqualTo(new Resources(1, 0, 0, 0, 0, 0, 1));
    }

    @Override
    public void close() {
        transport.close();
        target.close();
        fabric.close();
    }

    /** A submitted command, and its end. */
    static final class Pending {
        final CompletableFuture<HostRequest> future = new CompletableFuture<>();
        final AtomicInteger ends = new AtomicInteger();

        static Pending of(LooseQueue queue, HostCommand command) {
            Pending pending = new Pending();
            queue.queue().submit(new HostRequest(command, pending::onComplete));
            return pending;
        }

        private void onComplete(HostRequest request) {
            ends.incrementAndGet();
            future.complete(request);
        }

        HostRequest await() {
            try {
                return future.get(20, TimeUnit.SECONDS);
            } catch (InterruptedException | ExecutionException | TimeoutException e) {
                throw new IllegalStateException(e);
            }
        }

        boolean failed() {
            return future.isDone() && !future.join().succeeded();
        }

        /** Why the host ended it. */
        String failure() {
            var failure = await().failure();
            assertThat(failure).isNotNull();
            return failure == null ? "" : String.valueOf(failure.getMessage());
        }
    }

    static HostCommand read(MemorySegment data) {
        return IoCommands.read(1, 0, (int) (data.byteSize() / 512), data);
    }

    static HostCommand write(MemorySegment data) {
        return IoCommands.write(1, 0, (int) (data.byteSize() / 512), data);
    }
}
