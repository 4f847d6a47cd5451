package org.jnvmet.target.command;

import java.util.HexFormat;
import java.util.function.Predicate;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Cns;
import org.jnvmet.wire.admin.CommandSets;
import org.jnvmet.wire.admin.IdentifyCommand;
import org.jnvmet.wire.admin.NamespaceDescriptors;
import org.jnvmet.wire.admin.NamespaceList;

/** Identify (Base, Identify command): which structure, and the lists. Owned by the admin queue's loop. */
final class IdentifyCommands {
    private static final int NVM_COMMAND_SET = 0;

    private IdentifyCommands() {}

    static boolean parse(Request request, Controller controller) {
        Sqe sqe = request.sqe();
        boolean nvm = IdentifyCommand.commandSet(sqe) == NVM_COMMAND_SET;
        return switch (IdentifyCommand.cns(sqe)) {
            case Cns.CONTROLLER -> accept(request, IdentifyCommands::controller);
            case Cns.NAMESPACE -> acceptNamespace(request, NamespaceIdentity::write);
            case Cns.INDEPENDENT_NAMESPACE ->
                    acceptNamespace(request, NamespaceIdentity::writeIndependent);
            case Cns.NAMESPACE_DESCRIPTORS -> parseDescriptors(request, controller);
            case Cns.ACTIVE_NAMESPACES -> parseList(request);
            case Cns.IO_COMMAND_SET_ACTIVE_NAMESPACES ->
                    nvm ? parseList(request) : refuseCommandSet(request);
            case Cns.IO_COMMAND_SET_NAMESPACE ->
                    nvm ? acceptNamespace(request, (_, _) -> {}) : refuseCommandSet(request);
            case Cns.IO_COMMAND_SET_CONTROLLER ->
                    nvm ? accept(request, IdentifyCommands::nothing) : refuseCommandSet(request);
            case Cns.IO_COMMAND_SETS -> accept(request, IdentifyCommands::commandSets);
            default -> request.refuse(Status.INVALID_FIELD, IdentifyCommand.CNS);
        };
    }

    /** Accepts an Identify command; its buffer is zeroed before {@code command} runs. */
    static boolean accept(Request request, Command command) {
        return request.accept(
                zeroed(command), Direction.CONTROLLER_TO_HOST, IdentifyCommand.DATA_BYTES);
    }

    /** What fills the structure of a namespace that is enabled. */
    private interface Writer {
        void write(Request request, Namespace namespace);
    }

    private static boolean acceptNamespace(Request request, Writer writer) {
        int nsid = request.sqe().namespaceId();
        if (nsid == 0 || nsid == -1) {
            return request.refuse(Status.INVALID_NAMESPACE, Sqe.NSID);
        }
        return accept(request, accepted -> namespace(accepted, writer));
    }

    /** An inactive namespace has a structure of zeroes (Base, Identify Namespace data structure). */
    private static void namespace(Request request, Writer writer) {
        Namespace namespace =
                FabricsCommands.controller(request)
                        .subsystem()
                        .namespace(request.sqe().namespaceId());
        if (namespace != null && request.enter(namespace)) {
            writer.write(request, namespace);
        }
        request.complete(0);
    }

    private static void controller(Request request) {
        Controller controller = FabricsCommands.controller(request);
        controller.subsystem().markDiscovered();
        DataBuffer buffer = request.dataBuffer();
        ControllerIdentity.write(controller, buffer.memory(), buffer.offset());
        request.complete(0);
    }

    private static boolean parseDescriptors(Request request, Controller controller) {
        Namespace namespace = controller.subsystem().namespace(request.sqe().namespaceId());
        if (namespace == null || !namespace.enabled()) {
            return request.refuse(Status.INVALID_NAMESPACE, Sqe.NSID);
        }
        return accept(request, IdentifyCommands::descriptors);
    }

    private static void descriptors(Request request) {
        Namespace namespace =
                FabricsCommands.controller(request)
                        .subsystem()
                        .namespace(request.sqe().namespaceId());
        if (namespace == null || !namespace.enabled()) {
            request.fail(Status.INVALID_NAMESPACE, Sqe.NSID);
            return;
        }
        DataBuffer buffer = request.dataBuffer();
        NamespaceDescriptors list =
                new NamespaceDescriptors().wrap(buffer.memory(), buffer.offset());
        byte[] nguid = bytes(namespace.nguid().toString());
        if (!isZero(nguid)) {
            list.add(NamespaceDescriptors.NGUID, nguid);
        }
        list.add(NamespaceDescriptors.UUID, bytes(namespace.uuid().toString()));
        list.add(NamespaceDescriptors.CSI, new byte[] {NVM_COMMAND_SET});
        request.complete(0);
    }

    private static boolean parseList(Request request) {
        if (Integer.compareUnsigned(request.sqe().namespaceId(), 0xffff_fffe) >= 0) {
            return request.refuse(Status.INVALID_NAMESPACE, Sqe.NSID);
        }
        return accept(request, IdentifyCommands::activeNamespaces);
    }

    private static void activeNamespaces(Request request) {
        int after = request.sqe().namespaceId();
        DataBuffer buffer = request.dataBuffer();
        NamespaceList list = new NamespaceList().wrap(buffer.memory(), buffer.offset());
        Predicate<Namespace> listed =
                namespace ->
                        namespace.enabled() && Integer.compareUnsigned(namespace.nsid(), after) > 0;
        int count = 0;
        for (Namespace namespace : FabricsCommands.controller(request).subsystem().namespaces()) {
            if (count < NamespaceList.CAPACITY && listed.test(namespace)) {
                list.nsid(count++, namespace.nsid());
            }
        }
        request.complete(0);
    }

    /** One combination of command sets: the NVM command set alone. */
    private static void commandSets(Request request) {
        DataBuffer buffer = request.dataBuffer();
        new CommandSets()
                .wrap(buffer.memory(), buffer.offset())
                .set(CommandSets.COMBINATION0, CommandSets.NVM);
        request.complete(0);
    }

    /** A structure of which no field applies. */
    private static void nothing(Request request) {
        request.complete(0);
    }

    private static boolean refuseCommandSet(Request request) {
        return request.refuse(Status.INVALID_FIELD, IdentifyCommand.CSI);
    }

    private static Command zeroed(Command command) {
        return request -> {
            DataBuffer buffer = request.dataBuffer();
            buffer.memory().asSlice(buffer.offset(), request.dataBytes()).fill((byte) 0);
            command.execute(request);
        };
    }

    private static byte[] bytes(String uuid) {
        return HexFormat.of().parseHex(uuid.replace("-", ""));
    }

    private static boolean isZero(byte[] bytes) {
        for (byte b : bytes) {
            if (b != 0) {
                return false;
            }
        }
        return true;
    }
}
