package org.jnvmet.testkit;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostController;
import org.jnvmet.host.IoCommands;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.NamespaceList;

/** Commands whose status is what the target gave, and not what a host makes of it. */
final class AsItIs {
    private static final int BLOCK = 4096;

    private AsItIs() {}

    /** Runs a command as it is: the status that the target gives is what counts, not what a host makes of it. */
    static CommandResult run(HostController host, HostCommand command) {
        return host.ioQueues().getFirst().execute(command);
    }

    static CommandResult read(HostController host, long lba, int blocks) {
        MemorySegment data = MemorySegment.ofArray(new byte[blocks * BLOCK]);
        return run(host, IoCommands.read(1, lba, blocks, data));
    }

    static CommandResult write(HostController host, long lba, byte[] data) {
        return run(
                host, IoCommands.write(1, lba, data.length / BLOCK, MemorySegment.ofArray(data)));
    }

    static List<Integer> changed(HostController host) {
        MemorySegment page =
                host.getLogPage(LogPage.CHANGED_NAMESPACES, NamespaceList.BYTES, 0)
                        .orThrow()
                        .data();
        NamespaceList list = new NamespaceList().wrap(page, 0);
        List<Integer> ids = new ArrayList<>();
        for (int i = 0; i < list.count(); i++) {
            ids.add(list.nsid(i));
        }
        return ids;
    }
}
