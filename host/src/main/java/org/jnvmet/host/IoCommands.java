package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.CopyRange;
import org.jnvmet.wire.DatasetRange;
import org.jnvmet.wire.IoCommand;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;

/** Makes I/O commands of the NVM command set. */
public final class IoCommands {
    private IoCommands() {}

    /**
     * Blocks to deallocate.
     *
     * @param startingLba first block
     * @param blocks number of blocks
     */
    public record Range(long startingLba, long blocks) {}

    /**
     * Blocks to copy.
     *
     * @param nsid their namespace
     * @param startingLba first block
     * @param blocks number of blocks
     */
    public record Source(int nsid, long startingLba, long blocks) {}

    /** Reads {@code blocks} into {@code data}, which has their length. */
    public static HostCommand read(int nsid, long lba, int blocks, MemorySegment data) {
        return ranged(IoOpcode.READ, nsid, lba, blocks).receive(data);
    }

    /** Writes {@code blocks} from {@code data}, which has their length. */
    public static HostCommand write(int nsid, long lba, int blocks, MemorySegment data) {
        return ranged(IoOpcode.WRITE, nsid, lba, blocks).send(data);
    }

    /** Sets Force Unit Access. */
    public static HostCommand forceUnitAccess(HostCommand command) {
        Sqe sqe = command.sqe();
        return command.dword(Sqe.CDW12, sqe.cdw12() | IoCommand.FORCE_UNIT_ACCESS);
    }

    /** Compares {@code blocks} with {@code data}, which has their length. */
    public static HostCommand compare(int nsid, long lba, int blocks, MemorySegment data) {
        return ranged(IoOpcode.COMPARE, nsid, lba, blocks).send(data);
    }

    public static HostCommand writeZeroes(int nsid, long lba, int blocks, boolean deallocate) {
        HostCommand command = ranged(IoOpcode.WRITE_ZEROES, nsid, lba, blocks);
        int flags = deallocate ? IoCommand.DEALLOCATE : 0;
        return command.dword(Sqe.CDW12, command.sqe().cdw12() | flags);
    }

    public static HostCommand flush(int nsid) {
        return HostCommand.io(IoOpcode.FLUSH).namespace(nsid);
    }

    /** Dataset Management with the attribute Deallocate; 1 to 256 ranges. */
    public static HostCommand deallocate(int nsid, List<Range> ranges) {
        if (ranges.isEmpty() || ranges.size() > IoCommand.DSM_MAX_RANGES) {
            throw new IllegalArgumentException(ranges.size() + " ranges for one command");
        }
        MemorySegment data = MemorySegment.ofArray(new byte[ranges.size() * DatasetRange.BYTES]);
        DatasetRange view = new DatasetRange();
        for (int i = 0; i < ranges.size(); i++) {
            view.wrap(data, (long) i * DatasetRange.BYTES)
                    .set(DatasetRange.STARTING_LBA, ranges.get(i).startingLba)
                    .set(DatasetRange.BLOCKS, ranges.get(i).blocks);
        }
        return HostCommand.io(IoOpcode.DATASET_MANAGEMENT)
                .namespace(nsid)
                .dword(Sqe.CDW10, ranges.size() - 1)
                .dword(Sqe.CDW11, IoCommand.DSM_DEALLOCATE)
                .send(data);
    }

    /**
     * Copy of 1 to 256 sources of at most 65,536 blocks each, one behind the other, to {@code lba}.
     *
     * @param format of the list: 0 or 1 when all are of this namespace, 2 or 3 when they may be of any in
     *     the subsystem
     */
    public static HostCommand copy(int nsid, long lba, List<Source> sources, int format) {
        int bytes = CopyRange.bytes(format);
        MemorySegment data = MemorySegment.ofArray(new byte[sources.size() * bytes]);
        CopyRange view = new CopyRange();
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            if (source.blocks < 1 || source.blocks > CopyCommand.MAX_RANGE_BLOCKS) {
                throw new IllegalArgumentException("no range has " + source.blocks + " blocks");
            }
            view.wrap(data, (long) i * bytes)
                    .set(CopyRange.SLBA, source.startingLba)
                    .set(CopyRange.NLB, source.blocks - 1);
            if (CopyCommand.namesNamespaces(format)) {
                view.set(CopyRange.SNSID, Integer.toUnsignedLong(source.nsid));
            }
        }
        HostCommand command = HostCommand.io(IoOpcode.COPY).namespace(nsid).send(data);
        CopyCommand.set(command.sqe(), lba, sources.size(), format);
        return command;
    }

    /** Makes {@code command} a Read; allocates nothing when {@code data} is the same as before. */
    public static HostCommand read(
            HostCommand command, int nsid, long lba, int blocks, MemorySegment data) {
        return ranged(command, IoOpcode.READ, nsid, lba, blocks).receive(data);
    }

    /** Makes {@code command} a Write; allocates nothing when {@code data} is the same as before. */
    public static HostCommand write(
            HostCommand command, int nsid, long lba, int blocks, MemorySegment data) {
        return ranged(command, IoOpcode.WRITE, nsid, lba, blocks).send(data);
    }

    /**
     * Makes {@code command} a Dataset Management command that deallocates the one range in {@code range}, a
     * {@link DatasetRange}; allocates nothing when that is the same memory as before.
     */
    public static HostCommand deallocate(HostCommand command, int nsid, MemorySegment range) {
        return command.reset(IoOpcode.DATASET_MANAGEMENT, true)
                .namespace(nsid)
                .dword(Sqe.CDW10, 0)
                .dword(Sqe.CDW11, IoCommand.DSM_DEALLOCATE)
                .send(range);
    }

    private static HostCommand ranged(
            HostCommand command, int opcode, int nsid, long lba, int blocks) {
        command.reset(opcode, true).namespace(nsid);
        IoCommand.range(command.sqe(), lba, blocks);
        return command;
    }

    private static HostCommand ranged(int opcode, int nsid, long lba, int blocks) {
        return ranged(HostCommand.io(opcode), opcode, nsid, lba, blocks);
    }
}
