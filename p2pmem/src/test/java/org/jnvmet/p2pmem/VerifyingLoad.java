package org.jnvmet.p2pmem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;

/**
 * Clients that write, read and compare in regions of their own, each with one command under way, and know
 * every byte. Seeded: client <i>i</i> does the same in each run.
 */
final class VerifyingLoad {
    private static final int BLOCK = StagingFixture.BLOCK;

    final AtomicLong commands = new AtomicLong();
    final AtomicLong bytes = new AtomicLong();

    /** Of reads and writes only, which the medium moves. */
    final AtomicLong transferBytes = new AtomicLong();

    final Queue<String> errors = new ConcurrentLinkedQueue<>();
    final List<Client> clients = new ArrayList<>();
    private final HostNamespace disk;
    private final int regionBlocks;
    private final int mostBlocks;
    private final CountDownLatch ended;
    private volatile boolean stop;

    /** @param queues client <i>i</i> uses I/O queue <i>i</i> modulo this */
    VerifyingLoad(HostNamespace disk, int clients, int queues, int regionBlocks, int mostBlocks) {
        this(disk, 0, clients, queues, regionBlocks, mostBlocks);
    }

    /** @param skipped regions that others have written to */
    VerifyingLoad(
            HostNamespace disk,
            int skipped,
            int clients,
            int queues,
            int regionBlocks,
            int mostBlocks) {
        this.disk = disk;
        this.regionBlocks = regionBlocks;
        this.mostBlocks = mostBlocks;
        ended = new CountDownLatch(clients);
        for (int i = 0; i < clients; i++) {
            this.clients.add(new Client(skipped + i, i % queues));
        }
    }

    VerifyingLoad start() {
        clients.forEach(Client::next);
        return this;
    }

    /** Waits until so many more commands have ended, or something is wrong. */
    void await(long more) {
        long until = commands.get() + more;
        while (commands.get() < until && errors.isEmpty()) {
            LockSupport.parkNanos(100_000);
        }
    }

    /** Ends the load and waits for all clients. */
    void stop() throws InterruptedException {
        stop = true;
        if (!ended.await(60, TimeUnit.SECONDS)) {
            errors.add(ended.getCount() + " clients wait for a command that does not end");
        }
    }

    long compareBytes() {
        return bytes.get() - transferBytes.get();
    }

    /** Commands of the client that got fewest. */
    long fewest() {
        return clients.stream().mapToLong(client -> client.done.get()).min().orElse(0);
    }

    /** One command at a time. */
    final class Client {
        private final long first;
        private final int queue;
        private final SplittableRandom random;
        private final MemorySegment expected;
        private final MemorySegment data;
        private final HostRequest request = new HostRequest(this::onComplete);
        private boolean reads;
        private boolean compares;
        private int at;
        private int blocks;
        final AtomicLong done = new AtomicLong();

        Client(int number, int queue) {
            first = (long) number * regionBlocks;
            this.queue = queue;
            random = new SplittableRandom(number);
            expected = Arena.ofAuto().allocate((long) regionBlocks * BLOCK);
            data = Arena.ofAuto().allocate((long) mostBlocks * BLOCK);
        }

        private void next() {
            blocks = 1 + random.nextInt(mostBlocks);
            at = random.nextInt(regionBlocks - blocks + 1);
            MemorySegment part = data.asSlice(0, (long) blocks * BLOCK);
            int kind = random.nextInt(8);
            reads = kind < 4;
            compares = kind == 4;
            HostCommand command;
            if (reads) {
                part.fill((byte) 0x5a);
                command = IoCommands.read(disk.id(), first + at, blocks, part);
            } else if (compares) {
                MemorySegment.copy(expected, (long) at * BLOCK, part, 0, part.byteSize());
                command = IoCommands.compare(disk.id(), first + at, blocks, part);
            } else {
                byte[] fresh = new byte[blocks * BLOCK];
                random.nextBytes(fresh);
                MemorySegment.copy(MemorySegment.ofArray(fresh), 0, part, 0, fresh.length);
                MemorySegment.copy(part, 0, expected, (long) at * BLOCK, part.byteSize());
                command = IoCommands.write(disk.id(), first + at, blocks, part);
            }
            disk.submit(request.command(command), queue);
        }

        private void onComplete(HostRequest completed) {
            if (!completed.succeeded()) {
                errors.add(
                        "%s at %d ended with %s"
                                .formatted(
                                        completed.name(),
                                        first + at,
                                        Integer.toHexString(completed.status())));
            } else if (reads) {
                long length = (long) blocks * BLOCK;
                long from = (long) at * BLOCK;
                long wrong = MemorySegment.mismatch(data, 0, length, expected, from, from + length);
                if (wrong >= 0) {
                    errors.add("wrong byte %d of block %d".formatted(wrong, first + at));
                }
            }
            done.incrementAndGet();
            bytes.addAndGet((long) blocks * BLOCK);
            if (!compares) {
                transferBytes.addAndGet((long) blocks * BLOCK);
            }
            commands.incrementAndGet();
            if (stop || !errors.isEmpty()) {
                ended.countDown();
            } else {
                next();
            }
        }
    }
}
