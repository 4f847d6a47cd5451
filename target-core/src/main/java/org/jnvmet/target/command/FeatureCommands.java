package org.jnvmet.target.command;

import org.jnvmet.target.Controller;
import org.jnvmet.target.Request;
import org.jnvmet.target.Request.Direction;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.FeatureCommand;
import org.jnvmet.wire.admin.HostBehavior;

/**
 * Get Features and Set Features (Base, those commands). No feature can be saved; what cannot differ in
 * this target is readable and refuses every other value. Owned by the admin queue's loop.
 */
final class FeatureCommands {
    private static final int HOST_ID_BYTES = 16;

    /** In command dword 11 of Host Identifier: the 128-bit form. */
    private static final int EXTENDED_HOST_ID = 1;

    private static final int WRITE_CACHE_ENABLED = 1;
    private static final int POWER_STATE = 0x1f;
    private static final int QUEUE_COUNT_RESERVED = 0xffff;

    private FeatureCommands() {}

    /** Features of discovery controllers. */
    static boolean isForDiscovery(int featureId) {
        return featureId == Feature.ASYNC_EVENT_CONFIGURATION
                || featureId == Feature.KEEP_ALIVE_TIMER
                || featureId == Feature.HOST_IDENTIFIER;
    }

    private static boolean exists(int featureId) {
        return switch (featureId) {
            case Feature.ARBITRATION,
                    Feature.POWER_MANAGEMENT,
                    Feature.ERROR_RECOVERY,
                    Feature.VOLATILE_WRITE_CACHE,
                    Feature.NUMBER_OF_QUEUES,
                    Feature.ASYNC_EVENT_CONFIGURATION,
                    Feature.KEEP_ALIVE_TIMER,
                    Feature.HOST_BEHAVIOR,
                    Feature.IO_COMMAND_SET_PROFILE,
                    Feature.HOST_IDENTIFIER ->
                    true;
            default -> false;
        };
    }

    private static boolean isChangeable(int featureId) {
        return featureId == Feature.ARBITRATION
                || featureId == Feature.ASYNC_EVENT_CONFIGURATION
                || featureId == Feature.KEEP_ALIVE_TIMER
                || featureId == Feature.HOST_BEHAVIOR;
    }

    static boolean parseGet(Request request, Controller controller) {
        Sqe sqe = request.sqe();
        if (!supports(controller, FeatureCommand.featureId(sqe))) {
            return request.refuse(Status.INVALID_FIELD, FeatureCommand.FID);
        }
        int select = FeatureCommand.select(sqe);
        if (select > FeatureCommand.SUPPORTED_CAPABILITIES) {
            return request.refuse(Status.INVALID_FIELD, FeatureCommand.SEL);
        }
        if (FeatureCommand.featureId(sqe) == Feature.HOST_IDENTIFIER
                && select != FeatureCommand.SUPPORTED_CAPABILITIES) {
            return parseHostIdentifier(request);
        }
        if (FeatureCommand.featureId(sqe) == Feature.HOST_BEHAVIOR
                && select != FeatureCommand.SUPPORTED_CAPABILITIES) {
            return request.accept(
                    FeatureCommands::hostBehavior,
                    Direction.CONTROLLER_TO_HOST,
                    HostBehavior.BYTES);
        }
        return request.accept(FeatureCommands::get, Direction.NONE, 0);
    }

    /** Fabrics know the 128-bit identifier only. */
    private static boolean parseHostIdentifier(Request request) {
        if ((request.sqe().cdw11() & EXTENDED_HOST_ID) == 0) {
            return request.refuse(Status.INVALID_FIELD, Sqe.CDW11);
        }
        return request.accept(
                FeatureCommands::hostIdentifier, Direction.CONTROLLER_TO_HOST, HOST_ID_BYTES);
    }

    private static void hostIdentifier(Request request) {
        DataBuffer buffer = request.dataBuffer();
        var id = FabricsCommands.controller(request).host().id();
        buffer.memory()
                .set(Le.U64, buffer.offset(), Long.reverseBytes(id.getMostSignificantBits()));
        buffer.memory()
                .set(
                        Le.U64,
                        buffer.offset() + Long.BYTES,
                        Long.reverseBytes(id.getLeastSignificantBits()));
        request.complete(0);
    }

    /** The values in force, or the defaults, which are all 0. */
    private static void hostBehavior(Request request) {
        DataBuffer buffer = request.dataBuffer();
        HostBehavior data = new HostBehavior().wrap(buffer.memory(), buffer.offset()).clear();
        if (FeatureCommand.select(request.sqe()) == FeatureCommand.CURRENT) {
            FabricsCommands.controller(request).hostBehavior().copyTo(data);
        }
        request.complete(0);
    }

    private static void get(Request request) {
        Controller controller = FabricsCommands.controller(request);
        int featureId = FeatureCommand.featureId(request.sqe());
        int value =
                switch (FeatureCommand.select(request.sqe())) {
                    case FeatureCommand.CURRENT -> current(controller, featureId);
                    case FeatureCommand.SUPPORTED_CAPABILITIES ->
                            isChangeable(featureId) ? FeatureCommand.CAPABILITY_CHANGEABLE : 0;
                    default -> isChangeable(featureId) ? 0 : current(controller, featureId);
                };
        request.complete(Integer.toUnsignedLong(value));
    }

    private static int current(Controller controller, int featureId) {
        return switch (featureId) {
            case Feature.ARBITRATION -> controller.arbitration();
            case Feature.VOLATILE_WRITE_CACHE -> WRITE_CACHE_ENABLED;
            case Feature.NUMBER_OF_QUEUES -> queueCounts(controller);
            case Feature.ASYNC_EVENT_CONFIGURATION -> controller.events().configuration();
            case Feature.KEEP_ALIVE_TIMER -> (int) controller.keepAlive().timeoutMs();
            default -> 0;
        };
    }

    private static int queueCounts(Controller controller) {
        return Feature.queueCounts(controller.maxQueueId(), controller.maxQueueId());
    }

    static boolean parseSet(Request request, Controller controller) {
        Sqe sqe = request.sqe();
        if (!supports(controller, FeatureCommand.featureId(sqe))) {
            return request.refuse(Status.INVALID_FIELD, FeatureCommand.FID);
        }
        if (FeatureCommand.save(sqe)) {
            return request.refuse(Status.FEATURE_NOT_SAVEABLE, Sqe.CDW10);
        }
        if (sqe.namespaceId() != 0 && sqe.namespaceId() != -1) {
            return request.refuse(Status.FEATURE_NOT_NAMESPACE_SPECIFIC, Sqe.NSID);
        }
        if (FeatureCommand.featureId(sqe) == Feature.HOST_IDENTIFIER) {
            return request.refuse(Status.COMMAND_SEQUENCE_ERROR, FeatureCommand.FID);
        }
        if (FeatureCommand.featureId(sqe) == Feature.HOST_BEHAVIOR) {
            return request.accept(
                    FeatureCommands::setHostBehavior,
                    Direction.HOST_TO_CONTROLLER,
                    HostBehavior.BYTES);
        }
        return request.accept(FeatureCommands::set, Direction.NONE, 0);
    }

    /** What is wrong in the data has no location in the command. */
    private static void setHostBehavior(Request request) {
        DataBuffer buffer = request.dataBuffer();
        HostBehavior data = new HostBehavior().wrap(buffer.memory(), buffer.offset());
        if (FabricsCommands.controller(request).hostBehavior().set(data)) {
            request.complete(0);
        } else {
            request.fail(Status.INVALID_FIELD, -1);
        }
    }

    private static boolean supports(Controller controller, int featureId) {
        return controller.subsystem().isDiscovery() ? isForDiscovery(featureId) : exists(featureId);
    }

    private static void set(Request request) {
        Controller controller = FabricsCommands.controller(request);
        int value = request.sqe().cdw11();
        switch (FeatureCommand.featureId(request.sqe())) {
            case Feature.ARBITRATION -> {
                controller.arbitration(value);
                request.complete(0);
            }
            case Feature.POWER_MANAGEMENT -> keep(request, (value & POWER_STATE) == 0);
            case Feature.VOLATILE_WRITE_CACHE ->
                    keep(request, (value & WRITE_CACHE_ENABLED) == WRITE_CACHE_ENABLED);
            case Feature.NUMBER_OF_QUEUES -> setQueueCounts(request, controller, value);
            case Feature.ASYNC_EVENT_CONFIGURATION -> setEvents(request, controller, value);
            case Feature.KEEP_ALIVE_TIMER -> {
                controller.keepAlive().start(Integer.toUnsignedLong(value));
                request.complete(0);
            }
            default -> keep(request, value == 0);
        }
    }

    /** A feature with one possible value. */
    private static void keep(Request request, boolean same) {
        if (same) {
            request.complete(0);
        } else {
            request.fail(Status.FEATURE_NOT_CHANGEABLE, Sqe.CDW11);
        }
    }

    /** The answer is what there is, which may be more or less than was asked for. */
    private static void setQueueCounts(Request request, Controller controller, int value) {
        if ((value & QUEUE_COUNT_RESERVED) == QUEUE_COUNT_RESERVED
                || value >>> 16 == QUEUE_COUNT_RESERVED) {
            request.fail(Status.INVALID_FIELD, Sqe.CDW11);
        } else if (controller.hasIoQueues()) {
            request.fail(Status.COMMAND_SEQUENCE_ERROR, Sqe.CDW11);
        } else {
            request.complete(Integer.toUnsignedLong(queueCounts(controller)));
        }
    }

    private static void setEvents(Request request, Controller controller, int value) {
        int supported =
                controller.subsystem().isDiscovery()
                        ? ControllerIdentity.DISCOVERY_EVENTS
                        : ControllerIdentity.IO_EVENTS;
        controller.events().configure(value & supported);
        request.complete(0);
    }
}
