package org.jnvmet.verbs.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The devices that identifiers were found to have. librdmacm closes the context of a device that is gone
 * with its last identifier, also under domains and queues that somebody has of it still; so each device
 * is held here, by the reference that {@code rdma_get_devices} takes, as long as the provider is open.
 * Any thread.
 */
final class Devices implements AutoCloseable {
    private final LinuxVerbs provider;
    private final Map<Long, LinuxDevice> byContext = new HashMap<>();
    private final List<Long> held = new ArrayList<>();

    Devices(LinuxVerbs provider) {
        this.provider = provider;
    }

    /** Looks at all devices there are: each is as this class expects it. How many. */
    synchronized int open() throws IOException {
        Set<Long> contexts = contexts(hold());
        for (long context : contexts) {
            make(context);
        }
        return contexts.size();
    }

    /** The device of a context. */
    synchronized LinuxDevice of(long context) throws IOException {
        LinuxDevice known = byContext.get(context);
        if (known != null && known.isPresent()) {
            return known;
        }
        hold();
        return make(context);
    }

    /** The device of a context, if somebody has asked for it. */
    synchronized @Nullable LinuxDevice known(long context) {
        return byContext.get(context);
    }

    /**
     * Takes a reference of every device there is. Those taken before are let go when what they hold is here
     * again, or gone with all that was made of it: librdmacm closes the contexts of the latter.
     */
    private long hold() throws IOException {
        NativeFunction getDevices = provider.librdmacm().getDevices;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment count = arena.allocate(Integer.BYTES, Integer.BYTES);
            long list = getDevices.checkPointer(getDevices.pointer(count.address()));
            Set<Long> present = contexts(list);
            boolean inUse =
                    byContext.entrySet().stream()
                            .anyMatch(each ->
                                    !present.contains(each.getKey())
                                            && !each.getValue().isAbandoned());
            if (!inUse) {
                letGo();
                byContext.keySet().retainAll(present);
            }
            held.add(list);
            return list;
        }
    }

    private static Set<Long> contexts(long list) {
        Set<Long> contexts = new LinkedHashSet<>();
        for (int i = 0; Abi.getLong(list, i * Abi.SIZEOF_POINTER) != 0; i++) {
            contexts.add(Abi.getLong(list, i * Abi.SIZEOF_POINTER));
        }
        return contexts;
    }

    private void letGo() {
        for (long list : held) {
            provider.librdmacm().freeDevices.procedure(list);
        }
        held.clear();
    }

    private LinuxDevice make(long context) throws IOException {
        new SelfCheck(provider.machine()).context(context);
        LinuxDevice made =
                provider.make(
                        () -> LinuxDevice.of(context, provider.libibverbs(), provider.machine()));
        byContext.put(context, made);
        return made;
    }

    @Override
    public synchronized void close() {
        letGo();
        byContext.clear();
    }
}
