package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.jspecify.annotations.Nullable;

/** The ANA groups of a controller, as its log page told at one moment (Base, ANA log page). */
final class AnaGroups {
    private static final int NSID_BYTES = 4;
    private static final int STATE_BITS = 0xf;

    private final Map<Integer, AnaState> states = new HashMap<>();
    private final Map<Integer, Integer> groupOfNamespace = new HashMap<>();

    private AnaGroups() {}

    /**
     * Reads the page; whatever it claims, nothing beyond {@code page} is read.
     *
     * @param maxGroupId ANAGRPMAX of the controller, unsigned
     * @throws ProtocolViolation when the page contradicts itself or the standard
     */
    static AnaGroups parse(MemorySegment page, int maxGroupId) {
        AnaGroups groups = new AnaGroups();
        AnaGroup descriptor = new AnaGroup();
        int count = new AnaLog().wrap(page, 0).getInt(AnaLog.GROUPS);
        long offset = AnaLog.BYTES;
        for (int i = 0; i < count; i++) {
            if (page.byteSize() - offset < AnaGroup.BYTES) {
                throw new ProtocolViolation(
                        "ANA log: %d groups do not fit into its %d bytes"
                                .formatted(count, page.byteSize()));
            }
            descriptor.wrap(page, offset);
            offset += AnaGroup.BYTES;
            groups.add(descriptor, maxGroupId);
            offset += groups.addNamespaces(descriptor, page, offset);
        }
        return groups;
    }

    private void add(AnaGroup descriptor, int maxGroupId) {
        int id = descriptor.getInt(AnaGroup.GROUP_ID);
        if (id == 0 || Integer.compareUnsigned(id, maxGroupId) > 0) {
            throw new ProtocolViolation(
                    "ANA log: group %s; ANAGRPMAX is %s"
                            .formatted(
                                    Integer.toUnsignedString(id),
                                    Integer.toUnsignedString(maxGroupId)));
        }
        states.put(id, AnaState.of(descriptor.getInt(AnaGroup.STATE) & STATE_BITS));
    }

    private long addNamespaces(AnaGroup descriptor, MemorySegment page, long offset) {
        long count = descriptor.get(AnaGroup.NAMESPACES);
        if (count > (page.byteSize() - offset) / NSID_BYTES) {
            throw new ProtocolViolation(
                    "ANA log: %d namespaces of a group do not fit into its %d bytes"
                            .formatted(count, page.byteSize()));
        }
        int group = descriptor.getInt(AnaGroup.GROUP_ID);
        for (long i = 0; i < count; i++) {
            groupOfNamespace.put(page.get(Le.U32, offset + i * NSID_BYTES), group);
        }
        return count * NSID_BYTES;
    }

    /**
     * State of a namespace; null when the page tells none.
     *
     * @param group its ANAGRPID, for pages that do not list it
     */
    @Nullable AnaState stateOf(int nsid, int group) {
        return states.get(groupOfNamespace.getOrDefault(nsid, group));
    }

    /** Whether a group is between two states. */
    boolean changing() {
        return states.containsValue(AnaState.CHANGE);
    }
}
