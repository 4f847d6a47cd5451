package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.IdentifyNamespace;
import org.jnvmet.wire.admin.NamespaceDescriptors;

/**
 * What one controller says of a namespace: its identifiers, by which one tells it from others whatever
 * the controller, and its shape.
 *
 * @param structure Identify Namespace
 * @param blockBytes size of a logical block
 * @param eui64 in hexadecimal; empty when it has none
 * @param nguid in hexadecimal; empty when it has none
 * @param uuid in hexadecimal; empty when it has none
 */
record NamespaceIdentity(
        IdentifyNamespace structure, int blockBytes, String eui64, String nguid, String uuid) {
    private static final int MIN_BLOCK = 512;
    private static final int MAX_BLOCK = 1 << 20;
    private static final int SHARED = 1;
    private static final int UUID_BYTES = 16;

    /**
     * Asks the controller. Waits.
     *
     * @throws StatusException when the controller does not know it
     * @throws ProtocolViolation when what it says cannot be; so an inactive namespace looks
     */
    static NamespaceIdentity read(HostController controller, int nsid) {
        MemorySegment data = controller.identify(Cns.NAMESPACE, nsid).orThrow().data();
        IdentifyNamespace structure = new IdentifyNamespace().wrap(data, 0);
        int blockBytes = structure.blockBytes();
        if (blockBytes < MIN_BLOCK || blockBytes > MAX_BLOCK) {
            throw new ProtocolViolation(
                    "namespace %d: blocks of %d bytes (does it exist?)"
                            .formatted(nsid, blockBytes));
        }
        return new NamespaceIdentity(
                structure,
                blockBytes,
                text(structure.get(IdentifyNamespace.EUI64)),
                text(structure.get(IdentifyNamespace.NGUID)),
                uuid(controller, nsid));
    }

    /** From the descriptor list, which older controllers do not have. */
    private static String uuid(HostController controller, int nsid) {
        CommandResult result = controller.identify(Cns.NAMESPACE_DESCRIPTORS, nsid);
        if (result.doNotRetry()) {
            return "";
        }
        result.orThrow();
        NamespaceDescriptors list = new NamespaceDescriptors().wrap(result.data(), 0);
        while (list.next()) {
            byte[] identifier = list.identifier();
            if (list.type() == NamespaceDescriptors.UUID && identifier.length == UUID_BYTES) {
                return text(identifier);
            }
        }
        return "";
    }

    private static String text(byte[] identifier) {
        boolean none = Arrays.equals(identifier, new byte[identifier.length]);
        return none ? "" : HexFormat.of().formatHex(identifier);
    }

    long blocks() {
        return structure.get(IdentifyNamespace.NSZE);
    }

    int anaGroup() {
        return structure.getInt(IdentifyNamespace.ANAGRPID);
    }

    /** Whether several controllers may lead to it (NMIC). */
    boolean shared() {
        return (structure.getInt(IdentifyNamespace.NMIC) & SHARED) != 0;
    }

    /** Whether both are the same namespace. */
    boolean sameAs(NamespaceIdentity other) {
        return identifiers().equals(other.identifiers());
    }

    /** For messages. */
    String identifiers() {
        return "UUID '%s', NGUID '%s', EUI64 '%s'".formatted(uuid, nguid, eui64);
    }
}
