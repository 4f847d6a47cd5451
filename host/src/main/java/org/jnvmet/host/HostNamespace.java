package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyNamespace;

/**
 * A namespace of a controller, as it was when it was opened. Commands go to the I/O queues in turn.
 */
@CheckReturnValue
public final class HostNamespace {
    private static final int MIN_BLOCK = 512;
    private static final int MAX_BLOCK = 1 << 20;

    private final HostController controller;
    private final int nsid;
    private final IdentifyNamespace identity;
    private final int blockBytes;

    private HostNamespace(HostController controller, int nsid, IdentifyNamespace identity) {
        this.controller = controller;
        this.nsid = nsid;
        this.identity = identity;
        blockBytes = identity.blockBytes();
    }

    static HostNamespace open(HostController controller, int nsid) {
        MemorySegment data = controller.identify(Cns.NAMESPACE, nsid).orThrow().data();
        IdentifyNamespace identity = new IdentifyNamespace().wrap(data, 0);
        int blockBytes = identity.blockBytes();
        if (blockBytes < MIN_BLOCK || blockBytes > MAX_BLOCK) {
            throw new HostException(
                    "namespace %d: blocks of %d bytes (does it exist?)"
                            .formatted(nsid, blockBytes));
        }
        return new HostNamespace(controller, nsid, identity);
    }

    public int id() {
        return nsid;
    }

    /** What Identify Namespace said. */
    public IdentifyNamespace identity() {
        return identity;
    }

    public int blockBytes() {
        return blockBytes;
    }

    /** Size in blocks. */
    public long blocks() {
        return identity.get(IdentifyNamespace.NSZE);
    }

    /** Reads {@code count} blocks. */
    public CommandResult read(long lba, int count) {
        MemorySegment data = MemorySegment.ofArray(new byte[count * blockBytes]);
        return run(IoCommands.read(nsid, lba, count, data));
    }

    /** Writes whole blocks. */
    public CommandResult write(long lba, byte[] data) {
        return run(IoCommands.write(nsid, lba, blocksOf(data), MemorySegment.ofArray(data)));
    }

    /** Writes whole blocks to the medium, past any cache. */
    public CommandResult writeThrough(long lba, byte[] data) {
        return run(
                IoCommands.forceUnitAccess(
                        IoCommands.write(nsid, lba, blocksOf(data), MemorySegment.ofArray(data))));
    }

    /** Compares whole blocks. */
    public CommandResult compare(long lba, byte[] data) {
        return run(IoCommands.compare(nsid, lba, blocksOf(data), MemorySegment.ofArray(data)));
    }

    public CommandResult writeZeroes(long lba, int count, boolean deallocate) {
        return run(IoCommands.writeZeroes(nsid, lba, count, deallocate));
    }

    public CommandResult flush() {
        return run(IoCommands.flush(nsid));
    }

    /** Deallocates up to 256 ranges. */
    public CommandResult deallocate(List<IoCommands.Range> ranges) {
        return run(IoCommands.deallocate(nsid, ranges));
    }

    private CommandResult run(HostCommand command) {
        return controller.nextIoQueue().execute(command);
    }

    private int blocksOf(byte[] data) {
        if (data.length == 0 || data.length % blockBytes != 0) {
            throw new IllegalArgumentException(
                    "%d bytes are no whole blocks of %d".formatted(data.length, blockBytes));
        }
        return data.length / blockBytes;
    }
}
