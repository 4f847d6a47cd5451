package org.jnvmet.target.command;

import java.lang.foreign.MemorySegment;
import java.util.List;
import org.jnvmet.target.AsyncEvents;
import org.jnvmet.target.Controller;
import org.jnvmet.target.ErrorLog;
import org.jnvmet.target.KeepAlive;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.spi.Transport;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.Cqe;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.admin.AsyncEvent;
import org.jnvmet.wire.admin.IdentifyController;

/**
 * What a controller says of itself (Base, Identify Controller data structure). Every field that is not
 * written is 0, which says that the thing does not exist.
 */
final class ControllerIdentity {
    /** OAES of I/O controllers. */
    static final int IO_EVENTS =
            AsyncEvent.ENABLE_NAMESPACE_ATTRIBUTE | AsyncEvent.ENABLE_ANA_CHANGE;

    /** OAES of discovery controllers. */
    static final int DISCOVERY_EVENTS = AsyncEvent.ENABLE_DISCOVERY_CHANGE;

    /** ANAGRPMAX and NANAGRPID. */
    static final int ANA_GROUPS = 128;

    /** Abort commands that a host may have outstanding: ACL + 1. */
    private static final int ABORTS = 4;

    private static final int RECOMMENDED_BURST = 6;
    private static final int SEVERAL_PORTS = 1;
    private static final int SEVERAL_CONTROLLERS = 1 << 1;
    private static final int ANA_REPORTING = 1 << 3;
    private static final int HOST_ID_128 = 1;
    private static final int TRAFFIC_BASED_KEEP_ALIVE = 1 << 6;
    private static final int TYPE_IO = 1;
    private static final int TYPE_DISCOVERY = 2;
    private static final int ONE_READ_ONLY_FIRMWARE_SLOT = 0b011;
    private static final int EFFECTS_LOG = 1 << 1;
    private static final int EXTENDED_LOG_DATA = 1 << 2;
    private static final int KEEP_ALIVE_UNIT_MS = 100;
    private static final int ANA_TRANSITION_SECONDS = 10;
    private static final int ANA_ALL_STATES = 0x1f;
    private static final int SQE_64 = 0x66;
    private static final int CQE_16 = 0x44;

    /**
     * ONCS: Compare, Dataset Management, Write Zeroes, Select of Get Features, Copy; and all copies are
     * fast, as none takes the data over the fabric.
     */
    private static final int OPTIONAL_COMMANDS = 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 8 | 1 << 10;

    /** OCFS: source ranges of formats 0h to 3h. */
    private static final int COPY_FORMATS = (1 << CopyCommand.FORMATS) - 1;

    /** VWC: present; Flush does not take the broadcast namespace identifier (10b). */
    private static final int WRITE_CACHE = 1 | 0b10 << 1;

    private static final int CAPSULE_UNIT = 16;

    /** OFCS: Disconnect. */
    private static final int DISCONNECT = 1;

    private static final int PAGE_SHIFT = 12;

    private ControllerIdentity() {}

    /** Writes the structure into zeroed memory. */
    static void write(Controller controller, MemorySegment memory, long offset) {
        IdentifyController view = new IdentifyController().wrap(memory, offset);
        writeCommon(controller, view);
        if (controller.subsystem().isDiscovery()) {
            view.set(IdentifyController.CNTRLTYPE, TYPE_DISCOVERY)
                    .set(IdentifyController.OAES, Integer.toUnsignedLong(DISCOVERY_EVENTS))
                    .set(IdentifyController.LPA, EXTENDED_LOG_DATA);
        } else {
            writeIo(controller, view);
        }
    }

    private static void writeCommon(Controller controller, IdentifyController view) {
        Subsystem subsystem = controller.subsystem();
        Port port = controller.port();
        int oui = subsystem.ieeeOui();
        Transport transport = port.transport();
        view.set(IdentifyController.VID, subsystem.vendorId())
                .set(IdentifyController.SSVID, subsystem.subsystemVendorId())
                .set(IdentifyController.SN, subsystem.serial())
                .set(IdentifyController.MN, subsystem.model())
                .set(IdentifyController.FR, subsystem.firmware())
                .set(
                        IdentifyController.IEEE,
                        new byte[] {(byte) oui, (byte) (oui >> 8), (byte) (oui >> 16)})
                .set(
                        IdentifyController.MDTS,
                        Integer.numberOfTrailingZeros(port.maxTransferBytes()) - PAGE_SHIFT)
                .set(IdentifyController.CNTLID, controller.id())
                .set(IdentifyController.VER, Integer.toUnsignedLong(subsystem.version()))
                .set(IdentifyController.CTRATT, HOST_ID_128 | TRAFFIC_BASED_KEEP_ALIVE)
                .set(IdentifyController.ACL, ABORTS - 1)
                .set(IdentifyController.AERL, AsyncEvents.MAX_REQUESTS - 1)
                .set(IdentifyController.ELPE, ErrorLog.ENTRIES - 1)
                .set(IdentifyController.KAS, KeepAlive.GRANULARITY_MS / KEEP_ALIVE_UNIT_MS)
                .set(IdentifyController.MAXCMD, controller.maxQueueEntries())
                .set(IdentifyController.SGLS, transport == null ? 0 : transport.limits().sgls())
                .set(IdentifyController.SUBNQN, subsystem.nqn());
    }

    private static void writeIo(Controller controller, IdentifyController view) {
        Subsystem subsystem = controller.subsystem();
        int inlineBytes = Math.max(0, controller.port().inlineDataBytes());
        view.set(IdentifyController.CNTRLTYPE, TYPE_IO)
                .set(IdentifyController.RAB, RECOMMENDED_BURST)
                .set(IdentifyController.CMIC, SEVERAL_PORTS | SEVERAL_CONTROLLERS | ANA_REPORTING)
                .set(IdentifyController.OAES, IO_EVENTS)
                .set(IdentifyController.FRMW, ONE_READ_ONLY_FIRMWARE_SLOT)
                .set(IdentifyController.LPA, EFFECTS_LOG | EXTENDED_LOG_DATA)
                .set(IdentifyController.ANATT, ANA_TRANSITION_SECONDS)
                .set(IdentifyController.ANACAP, ANA_ALL_STATES)
                .set(IdentifyController.ANAGRPMAX, ANA_GROUPS)
                .set(IdentifyController.NANAGRPID, ANA_GROUPS)
                .set(IdentifyController.SQES, SQE_64)
                .set(IdentifyController.CQES, CQE_16)
                .set(IdentifyController.NN, highestNamespaceId(subsystem))
                .set(IdentifyController.ONCS, OPTIONAL_COMMANDS)
                .set(IdentifyController.OCFS, COPY_FORMATS)
                .set(IdentifyController.VWC, WRITE_CACHE)
                .set(IdentifyController.MNAN, Subsystem.MAX_NAMESPACES)
                .set(IdentifyController.IOCCSZ, (Sqe.BYTES + inlineBytes) / CAPSULE_UNIT)
                .set(IdentifyController.IORCSZ, Cqe.BYTES / CAPSULE_UNIT)
                .set(IdentifyController.MSDBD, maxDescriptors(controller, inlineBytes))
                .set(IdentifyController.OFCS, DISCONNECT);
    }

    /** More than one stand in the capsule, behind the entry. */
    private static int maxDescriptors(Controller controller, int inlineBytes) {
        Transport transport = controller.port().transport();
        int most = transport == null ? 1 : transport.limits().maxDescriptors();
        return Math.clamp(inlineBytes / Sgl.BYTES, 1, most);
    }

    /** NN is the highest valid identifier, not a count; hosts want it to be at least MNAN. */
    private static long highestNamespaceId(Subsystem subsystem) {
        List<Namespace> namespaces = subsystem.namespaces();
        long highest =
                namespaces.isEmpty() ? 0 : Integer.toUnsignedLong(namespaces.getLast().nsid());
        return Math.max(Subsystem.MAX_NAMESPACES, highest);
    }
}
