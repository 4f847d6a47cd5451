package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jspecify.annotations.Nullable;

/**
 * A namespace, as a disk: over one controller ({@link HostController#namespace}) or over all
 * controllers of its subsystem that lead to it ({@link HostSubsystem#namespace}).
 *
 * <p>Requests are sent again, or wait, as those of a Linux host: what another path or a later attempt
 * may cure, the caller does not see. Its size follows the controllers' reports.
 *
 * <p>The methods that return a {@link CommandResult} wait; they take any length and split it into
 * commands that controllers and transports allow. The result is that of the first part that failed, or
 * of the last. A position or length that the namespace does not have is refused before anything is sent.
 */
@CheckReturnValue
public final class HostNamespace {
    /** Most blocks of one command: NLB has 16 bits. */
    private static final int MAX_BLOCKS = 1 << 16;

    /** Parts of one transfer that are outstanding together. */
    private static final int PARTS = 16;

    /**
     * A way to a namespace.
     *
     * @param controller over which it leads
     * @param anaState as the controller reported last; optimized if it reports none
     * @param usable whether commands may be sent along it now
     */
    public record Path(HostController controller, AnaState anaState, boolean usable) {}

    /** Makes a command of one part of a transfer. */
    private interface Part {
        HostCommand command(int nsid, long lba, int blocks, MemorySegment data);
    }

    private final NamespacePaths paths;

    HostNamespace(NamespacePaths paths) {
        this.paths = paths;
    }

    NamespacePaths paths() {
        return paths;
    }

    private NamespaceIdentity known() {
        return Objects.requireNonNull(paths.identity(), "it was identified before it was opened");
    }

    public int id() {
        return paths.nsid();
    }

    /** What Identify Namespace said last. */
    public IdentifyNamespace identity() {
        return known().structure();
    }

    public int blockBytes() {
        return known().blockBytes();
    }

    /** Size in blocks. */
    public long blocks() {
        return known().blocks();
    }

    /** The ways to it, usable or not. */
    public List<Path> ways() {
        return paths.paths().stream()
                .map(path -> new Path(path.controller(), path.anaState(), path.usable()))
                .toList();
    }

    /** Most data bytes of one command, whatever path it takes. */
    public int maxTransferBytes() {
        int most = Integer.MAX_VALUE;
        for (NamespacePath path : paths.paths()) {
            most = Math.min(most, path.controller().maxTransferBytes());
        }
        return most;
    }

    // ---- requests

    /**
     * Submits a request whose command is of this namespace: {@link IoCommands} makes it. Any thread,
     * also from a completion; allocates nothing, never waits. It completes exactly once: with success,
     * with a status that no repetition cures, or, when nothing leads to the namespace any more, with
     * {@link org.jnvmet.wire.Status#HOST_PATHING_ERROR}.
     *
     * @param affinity which of the I/O queues; negative for any in turn. Requests that one thread waits
     *     for are best sent to one queue
     */
    public void submit(HostRequest request, int affinity) {
        paths.submit(request, affinity);
    }

    /** Submits a command; the future completes with whatever status it ends with. */
    public CompletableFuture<CommandResult> submit(HostCommand command) {
        return start(command).future();
    }

    private Submission start(HostCommand command) {
        Submission submission = new Submission(command);
        submit(submission.request(), -1);
        return submission;
    }

    private CommandResult run(HostCommand command) {
        return start(command).await(this);
    }

    /** Reads whole blocks with one command. */
    public CompletableFuture<CommandResult> readAsync(long lba, MemorySegment into) {
        return submit(IoCommands.read(id(), lba, blocksOfOne(lba, into), into));
    }

    /** As {@link #readAsync(long, MemorySegment)}, into what is between position and limit. */
    public CompletableFuture<CommandResult> readAsync(long lba, ByteBuffer into) {
        return readAsync(lba, MemorySegment.ofBuffer(into));
    }

    /** Writes whole blocks with one command. */
    public CompletableFuture<CommandResult> writeAsync(long lba, MemorySegment data) {
        return submit(IoCommands.write(id(), lba, blocksOfOne(lba, data), data));
    }

    /** As {@link #writeAsync(long, MemorySegment)}, from what is between position and limit. */
    public CompletableFuture<CommandResult> writeAsync(long lba, ByteBuffer data) {
        return writeAsync(lba, MemorySegment.ofBuffer(data));
    }

    /** Has the medium hold what was written. */
    public CompletableFuture<CommandResult> flushAsync() {
        return submit(IoCommands.flush(id()));
    }

    // ---- commands that are waited for

    /** Reads {@code count} blocks. */
    public CommandResult read(long lba, int count) {
        int bytes = Math.multiplyExact(count, blockBytes());
        return read(lba, MemorySegment.ofArray(new byte[bytes]));
    }

    /** Reads whole blocks. */
    public CommandResult read(long lba, byte[] into) {
        return read(lba, MemorySegment.ofArray(into));
    }

    /** Reads whole blocks into what is between position and limit. */
    public CommandResult read(long lba, ByteBuffer into) {
        return read(lba, MemorySegment.ofBuffer(into));
    }

    /** Reads whole blocks. */
    public CommandResult read(long lba, MemorySegment into) {
        CommandResult last = transfer(lba, into, IoCommands::read);
        return new CommandResult(
                last.command(), last.status(), last.result(), last.sqHead(), last.sqId(), into);
    }

    /** Writes whole blocks. */
    public CommandResult write(long lba, byte[] data) {
        return write(lba, MemorySegment.ofArray(data));
    }

    /** Writes whole blocks, from what is between position and limit. */
    public CommandResult write(long lba, ByteBuffer data) {
        return write(lba, MemorySegment.ofBuffer(data));
    }

    /** Writes whole blocks. */
    public CommandResult write(long lba, MemorySegment data) {
        return transfer(lba, data, IoCommands::write);
    }

    /** Writes whole blocks to the medium, past any cache. */
    public CommandResult writeThrough(long lba, byte[] data) {
        return writeThrough(lba, MemorySegment.ofArray(data));
    }

    /** Writes whole blocks to the medium, past any cache. */
    public CommandResult writeThrough(long lba, MemorySegment data) {
        return transfer(
                lba,
                data,
                (nsid, at, blocks, part) ->
                        IoCommands.forceUnitAccess(IoCommands.write(nsid, at, blocks, part)));
    }

    /** Compares whole blocks. */
    public CommandResult compare(long lba, byte[] data) {
        return compare(lba, MemorySegment.ofArray(data));
    }

    /** Compares whole blocks. */
    public CommandResult compare(long lba, MemorySegment data) {
        return transfer(lba, data, IoCommands::compare);
    }

    /** Zeroes {@code count} blocks. */
    public CommandResult writeZeroes(long lba, int count, boolean deallocate) {
        checkRange(lba, count);
        CommandResult result;
        int done = 0;
        do {
            int some = Math.min(MAX_BLOCKS, count - done);
            result = run(IoCommands.writeZeroes(id(), lba + done, some, deallocate));
            done += some;
        } while (done < count && result.succeeded());
        return result;
    }

    /** Has the medium hold what was written. */
    public CommandResult flush() {
        return run(IoCommands.flush(id()));
    }

    /** Deallocates up to 256 ranges. */
    public CommandResult deallocate(List<IoCommands.Range> ranges) {
        ranges.forEach(range -> checkRange(range.startingLba(), range.blocks()));
        return run(IoCommands.deallocate(id(), ranges));
    }

    /** What copies to it may be. */
    public CopySupport copySupport() {
        return CopySupport.of(this);
    }

    /**
     * Has the controller copy blocks, of this namespace or others of the subsystem, one behind the other to
     * {@code lba}: the data does not come here. Takes any number of sources of any size and sends one
     * command after the other; one that fails says which of its sources was not copied in dword 0.
     *
     * @param format of the sources: see {@link IoCommands#copy}; negative for the simplest that will do
     * @throws HostException when the controllers cannot copy, or not so
     * @throws IllegalArgumentException when sources overlap the destination, or it has no room for them
     */
    public CommandResult copy(long lba, List<IoCommands.Source> sources, int format) {
        CopySupport support = copySupport();
        int chosen = support.format(sources, format);
        long blocks = support.check(lba, sources);
        checkRange(lba, blocks);
        @Nullable CommandResult last = null;
        long to = lba;
        for (List<IoCommands.Source> some : support.split(sources)) {
            last = run(IoCommands.copy(id(), to, some, chosen));
            if (!last.succeeded()) {
                return last;
            }
            to += CopySupport.blocks(some);
        }
        return Objects.requireNonNull(last);
    }

    /** As {@link #copy(long, List, int)}, in the simplest format. */
    public CommandResult copy(long lba, List<IoCommands.Source> sources) {
        return copy(lba, sources, -1);
    }

    private CommandResult transfer(long lba, MemorySegment data, Part part) {
        long blocks = blocksOf(data);
        checkRange(lba, blocks);
        int most = blocksPerCommand();
        if (blocks <= most) {
            return run(part.command(id(), lba, (int) blocks, data));
        }
        ArrayDeque<Submission> outstanding = new ArrayDeque<>();
        @Nullable CommandResult failed = null;
        @Nullable CommandResult last = null;
        for (long done = 0; done < blocks && failed == null; done += most) {
            int some = (int) Math.min(most, blocks - done);
            MemorySegment slice = data.asSlice(done * blockBytes(), (long) some * blockBytes());
            outstanding.add(start(part.command(id(), lba + done, some, slice)));
            if (outstanding.size() == PARTS) {
                last = outstanding.remove().await(this);
                failed = last.succeeded() ? null : last;
            }
        }
        for (Submission next : outstanding) {
            last = next.await(this);
            failed = failed == null && !last.succeeded() ? last : failed;
        }
        return failed != null ? failed : Objects.requireNonNull(last);
    }

    private int blocksPerCommand() {
        return Math.clamp(maxTransferBytes() / blockBytes(), 1, MAX_BLOCKS);
    }

    // ---- checks

    private long blocksOf(MemorySegment data) {
        long bytes = data.byteSize();
        if (bytes == 0 || bytes % blockBytes() != 0) {
            throw new IllegalArgumentException(
                    "%d bytes are no whole blocks of %d".formatted(bytes, blockBytes()));
        }
        return bytes / blockBytes();
    }

    private int blocksOfOne(long lba, MemorySegment data) {
        long blocks = blocksOf(data);
        if (blocks > blocksPerCommand()) {
            throw new IllegalArgumentException(
                    "%d blocks; one command moves %d".formatted(blocks, blocksPerCommand()));
        }
        if (!isWithin(lba, blocks)) {
            throw beyond(lba, blocks);
        }
        return (int) blocks;
    }

    /** Asks the controllers before it refuses: perhaps the namespace has just grown. */
    private void checkRange(long lba, long count) {
        if (!isWithin(lba, count)) {
            paths.identifyAgain();
            if (!isWithin(lba, count)) {
                throw beyond(lba, count);
            }
        }
    }

    private boolean isWithin(long lba, long count) {
        long all = blocks();
        return lba >= 0 && count > 0 && count <= all && lba <= all - count;
    }

    private IllegalArgumentException beyond(long lba, long count) {
        return new IllegalArgumentException(
                "%d blocks from %d on: %s has %d blocks".formatted(count, lba, this, blocks()));
    }

    @Override
    public String toString() {
        return paths.toString();
    }
}
