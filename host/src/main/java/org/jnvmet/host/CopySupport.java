package org.jnvmet.host;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.admin.IdentifyController;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the controllers of a namespace say of Copy (NVM Command Set, Copy command): whichever of them a
 * command goes to must know it.
 *
 * @param nsid the destination
 * @param formats bits of the list formats that all of them know; 0 when one of them cannot copy
 * @param maxRangeBlocks most blocks of a source
 * @param maxBlocks most blocks of a command
 * @param maxRanges most sources of a command
 */
public record CopySupport(
        int nsid, int formats, long maxRangeBlocks, long maxBlocks, int maxRanges) {
    private static final Logger LOG = LoggerFactory.getLogger(CopySupport.class);

    /** In ONCS. */
    private static final int COPY = 1 << 8;

    /** Those that wait to be enabled. */
    private static final int ACROSS_NAMESPACES = 1 << 2 | 1 << 3;

    private static final int ALL_FORMATS = (1 << CopyCommand.FORMATS) - 1;

    static CopySupport of(HostNamespace namespace) {
        int formats = ALL_FORMATS;
        for (HostNamespace.Path path : namespace.ways()) {
            formats &= formats(path.controller().identity());
        }
        IdentifyNamespace identity = namespace.identity();
        return new CopySupport(
                namespace.id(),
                formats,
                atLeastOne(identity.get(IdentifyNamespace.MSSRL)),
                atLeastOne(identity.get(IdentifyNamespace.MCL)),
                identity.getInt(IdentifyNamespace.MSRC) + 1);
    }

    private static int formats(IdentifyController identity) {
        boolean copies = (identity.getInt(IdentifyController.ONCS) & COPY) != 0;
        return copies ? identity.getInt(IdentifyController.OCFS) & ALL_FORMATS : 0;
    }

    private static long atLeastOne(long limit) {
        return Math.max(1, limit);
    }

    /** Enables what the controller offers across namespaces. Waits. */
    static void enable(HostQueue admin, IdentifyController identity) {
        int formats = formats(identity) & ACROSS_NAMESPACES;
        if (formats == 0) {
            return;
        }
        CommandResult result = admin.execute(AdminCommands.enableCopyFormats(formats));
        if (!result.succeeded()) {
            LOG.warn(
                    "{} offers copies across namespaces and refuses to enable them: {}",
                    admin,
                    result.status());
        }
    }

    /** Whether blocks of the namespace itself can be copied. */
    public boolean withinNamespace() {
        return formats != 0;
    }

    /** Whether blocks of other namespaces can be copied. */
    public boolean acrossNamespaces() {
        return (formats & ACROSS_NAMESPACES) != 0;
    }

    /** A format for these sources; {@code wanted} if it is not negative. */
    int format(List<IoCommands.Source> sources, int wanted) {
        boolean across = sources.stream().anyMatch(source -> source.nsid() != nsid);
        int format = wanted;
        if (format < 0) {
            format = Integer.numberOfTrailingZeros(across ? formats & ACROSS_NAMESPACES : formats);
        }
        if (formats == 0) {
            throw new HostException("the controllers of namespace %d cannot copy".formatted(nsid));
        }
        if (format >= CopyCommand.FORMATS || (formats & 1 << format) == 0) {
            throw new HostException(
                    wanted < 0
                            ? "the controllers of namespace %d cannot copy from others"
                                    .formatted(nsid)
                            : "the controllers of namespace %d cannot copy with format %d"
                                    .formatted(nsid, wanted));
        }
        if (across && !CopyCommand.namesNamespaces(format)) {
            throw new IllegalArgumentException(
                    "format %d is for sources of the same namespace".formatted(format));
        }
        return format;
    }

    /** Blocks of all sources, none of which overlaps the destination. */
    long check(long lba, List<IoCommands.Source> sources) {
        if (sources.isEmpty()) {
            throw new IllegalArgumentException("nothing to copy");
        }
        for (IoCommands.Source source : sources) {
            if (source.blocks() < 1 || source.startingLba() < 0) {
                throw new IllegalArgumentException(
                        "%d blocks from %d on cannot be"
                                .formatted(source.blocks(), source.startingLba()));
            }
        }
        long blocks = blocks(sources);
        for (IoCommands.Source source : sources) {
            if (source.nsid() == nsid
                    && source.startingLba() < lba + blocks
                    && lba < source.startingLba() + source.blocks()) {
                throw new IllegalArgumentException(
                        "%d blocks from %d on overlap their copy, %d blocks from %d on"
                                .formatted(source.blocks(), source.startingLba(), blocks, lba));
            }
        }
        return blocks;
    }

    static long blocks(List<IoCommands.Source> sources) {
        return sources.stream().mapToLong(IoCommands.Source::blocks).reduce(0, Math::addExact);
    }

    /** The sources of one command after the other, within the limits. */
    List<List<IoCommands.Source>> split(List<IoCommands.Source> sources) {
        List<List<IoCommands.Source>> commands = new ArrayList<>();
        List<IoCommands.Source> current = new ArrayList<>();
        long room = maxBlocks;
        for (IoCommands.Source source : sources) {
            for (long done = 0; done < source.blocks(); ) {
                if (room == 0 || current.size() == maxRanges) {
                    commands.add(current);
                    current = new ArrayList<>();
                    room = maxBlocks;
                }
                long some = Math.min(Math.min(maxRangeBlocks, room), source.blocks() - done);
                current.add(
                        new IoCommands.Source(source.nsid(), source.startingLba() + done, some));
                done += some;
                room -= some;
            }
        }
        commands.add(current);
        return commands;
    }
}
