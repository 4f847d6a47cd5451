package org.jnvmet.app.nvme;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Semaphore;
import java.util.function.LongConsumer;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.wire.Status;

/**
 * Moves blocks between a namespace and a stream of bytes: several commands are outstanding, and their data comes and
 * goes in the order of the blocks. Owned by one thread; after a failure it is of no use any more, and commands may
 * still be outstanding until the host is closed.
 */
public final class BlockTransfer {
    /** Commands that are outstanding at once. */
    private static final int DEPTH = 16;

    /** Most bytes of a command: more makes it no faster. */
    private static final int COMMAND_BYTES = 256 << 10;

    /** Where bytes come from. */
    @FunctionalInterface
    public interface Source {
        /** Fills the buffer up to its limit; leaves it less full only where the bytes end. */
        void read(ByteBuffer buffer);
    }

    /** Where bytes go. */
    @FunctionalInterface
    public interface Sink {
        /** Takes what is between position and limit. */
        void write(ByteBuffer buffer);
    }

    private final HostNamespace namespace;
    private final LongConsumer progress;
    private final int blocksPerCommand;
    private final Queue<Slot> idle = new ArrayDeque<>();
    private final Queue<Slot> outstanding = new ArrayDeque<>();

    /** Memory of a command, and the command. */
    private final class Slot {
        private final MemorySegment memory;
        private final ByteBuffer buffer;
        private final HostCommand command = HostCommand.io(0);
        private final Semaphore complete = new Semaphore(0);
        private final HostRequest request = new HostRequest(command, _ -> complete.release());
        private long lba;
        private int blocks;

        Slot(int bytes) {
            // Of the collector, not of a scope: whatever happens, no thread ever finds it gone.
            memory = Arena.ofAuto().allocate(bytes);
            buffer = memory.asByteBuffer();
        }

        MemorySegment data() {
            long bytes = (long) blocks * namespace.blockBytes();
            return bytes == memory.byteSize() ? memory : memory.asSlice(0, bytes);
        }

        void submit(long firstLba, int count, boolean write) {
            lba = firstLba;
            blocks = count;
            if (write) {
                IoCommands.write(command, namespace.id(), lba, blocks, data());
            } else {
                IoCommands.read(command, namespace.id(), lba, blocks, data());
            }
            namespace.submit(request, -1);
            outstanding.add(this);
        }

        void await() throws InterruptedException {
            complete.acquire();
            HostException failure = request.failure();
            if (failure != null) {
                throw failure;
            }
            if (!request.succeeded()) {
                throw new CommandFailure(
                        "%s of blocks %d to %d failed: %s"
                                .formatted(
                                        request.name(),
                                        lba,
                                        lba + blocks - 1,
                                        Status.describe(request.name(), request.status())));
            }
        }
    }

    /**
     * A transfer.
     *
     * @param namespace from or to which
     * @param progress is told of bytes as they are done
     */
    public BlockTransfer(HostNamespace namespace, LongConsumer progress) {
        this.namespace = namespace;
        this.progress = progress;
        int blockBytes = namespace.blockBytes();
        int most = Math.min(COMMAND_BYTES, namespace.maxTransferBytes());
        blocksPerCommand = Math.max(1, most / blockBytes);
        for (int i = 0; i < DEPTH; i++) {
            idle.add(new Slot(blocksPerCommand * blockBytes));
        }
    }

    /**
     * Reads {@code count} blocks from {@code lba} on.
     *
     * @throws CommandFailure when a command fails, or the sink does
     * @throws HostException when the connection does, for good
     */
    public void read(long lba, long count, Sink sink) {
        long next = lba;
        long end = lba + count;
        while (next < end || !outstanding.isEmpty()) {
            Slot free = idle.poll();
            if (free != null && next < end) {
                int blocks = (int) Math.min(blocksPerCommand, end - next);
                free.submit(next, blocks, false);
                next += blocks;
            } else {
                if (free != null) {
                    idle.add(free);
                }
                Slot oldest = awaitOldest();
                sink.write(oldest.buffer.clear().limit(oldest.blocks * namespace.blockBytes()));
            }
        }
    }

    /**
     * Writes what the source has, {@code count} blocks at most, from {@code lba} on, and flushes it.
     *
     * @param pad whether a last block that is not full is filled up with zeroes; else it is a failure
     * @return bytes of the source
     * @throws CommandFailure when a command or the source fails, or the bytes are no whole blocks
     * @throws HostException when the connection does, for good
     */
    public long write(long lba, long count, Source source, boolean pad) {
        int blockBytes = namespace.blockBytes();
        long next = lba;
        long end = lba + count;
        long taken = 0;
        boolean more = true;
        while (more && next < end) {
            Slot slot = idle.isEmpty() ? awaitOldest() : idle.element();
            int wanted = (int) Math.min(blocksPerCommand, end - next) * blockBytes;
            source.read(slot.buffer.clear().limit(wanted));
            int got = slot.buffer.position();
            taken += got;
            more = got == wanted;
            int blocks = pad ? Math.ceilDiv(got, blockBytes) : got / blockBytes;
            if (blocks > 0) {
                if (pad) {
                    slot.memory.asSlice(got, (long) blocks * blockBytes - got).fill((byte) 0);
                }
                idle.remove(slot);
                slot.submit(next, blocks, true);
                next += blocks;
            }
        }
        finish();
        if (taken % blockBytes != 0 && !pad) {
            throw new CommandFailure(
                    "the last block has %d of %d bytes (--pad fills it up); %d whole blocks were written"
                            .formatted(taken % blockBytes, blockBytes, taken / blockBytes));
        }
        return taken;
    }

    private void finish() {
        while (!outstanding.isEmpty()) {
            awaitOldest();
        }
        CommandResult _ = namespace.flush().orThrow();
    }

    private Slot awaitOldest() {
        Slot oldest = outstanding.remove();
        try {
            oldest.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new HostException("interrupted", e);
        }
        progress.accept((long) oldest.blocks * namespace.blockBytes());
        idle.add(oldest);
        return oldest;
    }
}
