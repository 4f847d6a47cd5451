package org.jnvmet.target.command;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.target.AsyncEvents.Event;
import org.jnvmet.target.Controller;
import org.jnvmet.target.ErrorLog;
import org.jnvmet.target.IoCounters;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.jnvmet.wire.admin.EffectsLog;
import org.jnvmet.wire.admin.ErrorLogEntry;
import org.jnvmet.wire.admin.FirmwareLog;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.LogPageCommand;
import org.jnvmet.wire.admin.NamespaceList;
import org.jnvmet.wire.admin.SmartLog;
import org.jnvmet.wire.admin.SupportedPages;

/**
 * Get Log Page of I/O controllers (Base, Get Log Page command). A page is made whole, a few KiB of heap,
 * and the part that the host asks for is copied. Owned by the admin queue's loop.
 */
final class LogPages {
    private static final int[] SUPPORTED = {
        LogPage.SUPPORTED_PAGES,
        LogPage.ERROR,
        LogPage.SMART,
        LogPage.FIRMWARE_SLOT,
        LogPage.CHANGED_NAMESPACES,
        LogPage.COMMAND_EFFECTS,
        LogPage.ANA
    };

    /** SMART counts in thousands of 512 bytes. */
    private static final long SMART_UNIT_BYTES = 512_000;

    private static final int SPARE_PERCENT = 100;
    private static final int ACTIVE_SLOT = 1;
    private static final int NVM_COMMAND_SET = 0;

    private LogPages() {}

    /** Makes a page. */
    interface Page {
        MemorySegment make(Request request, Controller controller);
    }

    static boolean parse(Request request, Controller controller) {
        return switch (LogPageCommand.logId(request.sqe())) {
            case LogPage.SUPPORTED_PAGES -> accept(request, 0, (_, _) -> supported(SUPPORTED));
            case LogPage.ERROR -> accept(request, 0, LogPages::errors);
            case LogPage.SMART -> parseSmart(request);
            case LogPage.FIRMWARE_SLOT -> accept(request, 0, LogPages::firmware);
            case LogPage.CHANGED_NAMESPACES -> accept(request, 0, LogPages::changedNamespaces);
            case LogPage.COMMAND_EFFECTS -> accept(request, 0, LogPages::effects);
            case LogPage.ANA -> accept(request, AnaLog.RETURN_GROUPS_ONLY, LogPages::ana);
            default -> request.refuse(Status.INVALID_LOG_PAGE, LogPageCommand.LID);
        };
    }

    /** Checks what all pages have in common; {@code parameters} are the log specific bits that exist. */
    static boolean accept(Request request, int parameters, Page page) {
        Sqe sqe = request.sqe();
        long bytes = LogPageCommand.lengthBytes(sqe);
        if (bytes > request.queue().port().maxTransferBytes()) {
            return request.refuse(Status.INVALID_FIELD, LogPageCommand.NUMDL);
        }
        if ((LogPageCommand.parameter(sqe) & ~parameters) != 0) {
            return request.refuse(Status.INVALID_FIELD, LogPageCommand.LSP);
        }
        if (LogPageCommand.offsetIsIndex(sqe)) {
            return request.refuse(Status.INVALID_FIELD, Sqe.CDW14);
        }
        if ((LogPageCommand.offset(sqe) & 3) != 0) {
            return request.refuse(Status.INVALID_FIELD, LogPageCommand.LPO);
        }
        return request.accept(
                accepted -> send(accepted, page), Direction.CONTROLLER_TO_HOST, (int) bytes);
    }

    /** Copies the part that was asked for; what lies behind the end of the page is zero. */
    private static void send(Request request, Page page) {
        MemorySegment bytes = page.make(request, FabricsCommands.controller(request));
        DataBuffer buffer = request.dataBuffer();
        long offset = LogPageCommand.offset(request.sqe());
        if (Long.compareUnsigned(offset, bytes.byteSize()) > 0) {
            request.fail(Status.INVALID_FIELD, LogPageCommand.LPO);
            return;
        }
        long count = Math.min(request.dataBytes(), bytes.byteSize() - offset);
        MemorySegment.copy(bytes, offset, buffer.memory(), buffer.offset(), count);
        buffer.memory()
                .asSlice(buffer.offset() + count, request.dataBytes() - count)
                .fill((byte) 0);
        request.complete(0);
    }

    static MemorySegment page(long bytes) {
        return MemorySegment.ofArray(new byte[Math.toIntExact(bytes)]);
    }

    static MemorySegment supported(int... pages) {
        MemorySegment page = page(SupportedPages.BYTES);
        SupportedPages view = new SupportedPages().wrap(page, 0);
        for (int logId : pages) {
            view.page(logId, SupportedPages.SUPPORTED);
        }
        return page;
    }

    private static MemorySegment errors(Request request, Controller controller) {
        MemorySegment page = page((long) ErrorLog.ENTRIES * ErrorLogEntry.BYTES);
        controller.errorLog().copyTo(page);
        return page;
    }

    /** The page of the controller; there is none per namespace. */
    private static boolean parseSmart(Request request) {
        int nsid = request.sqe().namespaceId();
        if (nsid != 0 && nsid != -1) {
            return request.refuse(Status.INVALID_FIELD, Sqe.NSID);
        }
        return accept(request, 0, LogPages::smart);
    }

    private static MemorySegment smart(Request request, Controller controller) {
        MemorySegment page = page(SmartLog.BYTES);
        IoCounters.Totals totals = controller.totals();
        new SmartLog()
                .wrap(page, 0)
                .set(SmartLog.AVAILABLE_SPARE, SPARE_PERCENT)
                .set(SmartLog.DATA_UNITS_READ, units(totals.readBytes()))
                .set(SmartLog.DATA_UNITS_WRITTEN, units(totals.writtenBytes()))
                .set(SmartLog.HOST_READS, totals.reads())
                .set(SmartLog.HOST_WRITES, totals.writes())
                .set(SmartLog.POWER_ON_HOURS, controller.hours())
                .set(SmartLog.ERROR_LOG_ENTRIES, controller.errorLog().count());
        return page;
    }

    private static long units(long bytes) {
        return (bytes + SMART_UNIT_BYTES - 1) / SMART_UNIT_BYTES;
    }

    private static MemorySegment firmware(Request request, Controller controller) {
        MemorySegment page = page(FirmwareLog.BYTES);
        new FirmwareLog()
                .wrap(page, 0)
                .set(FirmwareLog.AFI, ACTIVE_SLOT)
                .set(FirmwareLog.FRS1, controller.subsystem().firmware());
        return page;
    }

    private static MemorySegment changedNamespaces(Request request, Controller controller) {
        MemorySegment page = page(NamespaceList.BYTES);
        controller.events().copyChangedNamespaces(new NamespaceList().wrap(page, 0));
        rearm(request, controller, Event.NAMESPACE_CHANGED);
        return page;
    }

    /** Of a command set that we do not have, the log says that we execute none of its commands. */
    private static MemorySegment effects(Request request, Controller controller) {
        MemorySegment page = page(EffectsLog.BYTES);
        int supported = EffectsLog.SUPPORTED;
        EffectsLog log =
                new EffectsLog()
                        .wrap(page, 0)
                        .admin(AdminOpcode.GET_LOG_PAGE, supported)
                        .admin(AdminOpcode.IDENTIFY, supported)
                        .admin(AdminOpcode.ABORT, supported)
                        .admin(AdminOpcode.SET_FEATURES, supported)
                        .admin(AdminOpcode.GET_FEATURES, supported)
                        .admin(AdminOpcode.ASYNC_EVENT_REQUEST, supported)
                        .admin(AdminOpcode.KEEP_ALIVE, supported);
        if (LogPageCommand.commandSet(request.sqe()) == NVM_COMMAND_SET) {
            int writes = supported | EffectsLog.CHANGES_BLOCKS;
            log.io(IoOpcode.FLUSH, supported)
                    .io(IoOpcode.WRITE, writes)
                    .io(IoOpcode.READ, supported)
                    .io(IoOpcode.COMPARE, supported)
                    .io(IoOpcode.WRITE_ZEROES, writes)
                    .io(IoOpcode.DATASET_MANAGEMENT, writes)
                    .io(IoOpcode.COPY, writes);
        }
        return page;
    }

    private static MemorySegment ana(Request request, Controller controller) {
        boolean groupsOnly = LogPageCommand.parameter(request.sqe()) == AnaLog.RETURN_GROUPS_ONLY;
        // Re-armed before it is read: a change in between is reported again rather than lost.
        rearm(request, controller, Event.ANA_CHANGED);
        Target target = controller.subsystem().target();
        long changes = target.anaChangeCount();
        int[] groups = target.anaGroups();
        List<Namespace> namespaces = groupsOnly ? List.of() : enabled(controller);
        int[] memberOf = namespaces.stream().mapToInt(Namespace::anaGroup).toArray();
        MemorySegment page =
                page(AnaLog.BYTES + (long) groups.length * AnaGroup.BYTES + 4L * namespaces.size());
        new AnaLog()
                .wrap(page, 0)
                .set(AnaLog.CHANGE_COUNT, changes)
                .set(AnaLog.GROUPS, groups.length);
        AnaGroup view = new AnaGroup();
        long at = AnaLog.BYTES;
        for (int group : groups) {
            view.wrap(page, at);
            long next = at + AnaGroup.BYTES;
            int members = 0;
            for (int i = 0; i < memberOf.length; i++) {
                if (memberOf[i] == group) {
                    page.set(Le.U32, next, namespaces.get(i).nsid());
                    next += 4;
                    members++;
                }
            }
            view.set(AnaGroup.GROUP_ID, group)
                    .set(AnaGroup.NAMESPACES, members)
                    .set(AnaGroup.CHANGE_COUNT, changes)
                    .set(AnaGroup.STATE, controller.port().anaState(group).code());
            at = next;
        }
        return page.asSlice(0, at);
    }

    private static List<Namespace> enabled(Controller controller) {
        List<Namespace> enabled = new ArrayList<>();
        for (Namespace namespace : controller.subsystem().namespaces()) {
            if (namespace.enabled()) {
                enabled.add(namespace);
            }
        }
        return enabled;
    }

    /** Unless the host wants to keep the event (RAE). */
    static void rearm(Request request, Controller controller, Event event) {
        if (!LogPageCommand.retainAsyncEvent(request.sqe())) {
            controller.events().rearm(event);
        }
    }
}
