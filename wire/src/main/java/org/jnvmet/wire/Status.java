package org.jnvmet.wire;

import org.jspecify.annotations.Nullable;

/**
 * Completion status: status code type, status code, and whether this target sets Do Not Retry with
 * it (Base, Status Field Definition; NVMe over Fabrics, Fabrics Response Status). Statuses that mean
 * "another path or a later try may do it" carry no DNR.
 */
public enum Status {
    SUCCESS(0, 0x00, false, "successful completion"),
    INVALID_OPCODE(0, 0x01, true, "invalid command opcode"),
    INVALID_FIELD(0, 0x02, true, "invalid field in command"),
    COMMAND_ID_CONFLICT(0, 0x03, true, "command identifier conflict"),
    DATA_TRANSFER_ERROR(0, 0x04, false, "data transfer error"),
    ABORTED_POWER_LOSS(0, 0x05, false, "command aborted due to power loss notification"),
    INTERNAL_ERROR(0, 0x06, false, "internal error"),
    ABORT_REQUESTED(0, 0x07, true, "command abort requested"),
    ABORTED_SQ_DELETION(0, 0x08, false, "command aborted due to submission queue deletion"),
    ABORTED_FAILED_FUSED(0, 0x09, true, "command aborted due to failed fused command"),
    ABORTED_MISSING_FUSED(0, 0x0a, true, "command aborted due to missing fused command"),
    INVALID_NAMESPACE(0, 0x0b, true, "invalid namespace or format"),
    COMMAND_SEQUENCE_ERROR(0, 0x0c, true, "command sequence error"),
    INVALID_SGL_SEGMENT_DESCRIPTOR(0, 0x0d, true, "invalid SGL segment descriptor"),
    INVALID_SGL_DESCRIPTOR_COUNT(0, 0x0e, true, "invalid number of SGL descriptors"),
    SGL_DATA_LENGTH_INVALID(0, 0x0f, true, "data SGL length invalid"),
    METADATA_SGL_LENGTH_INVALID(0, 0x10, true, "metadata SGL length invalid"),
    SGL_DESCRIPTOR_TYPE_INVALID(0, 0x11, true, "SGL descriptor type invalid"),
    OPERATION_DENIED(0, 0x15, true, "operation denied"),
    SGL_OFFSET_INVALID(0, 0x16, true, "SGL offset invalid"),
    HOST_ID_INCONSISTENT(0, 0x18, true, "host identifier inconsistent format"),
    KEEP_ALIVE_EXPIRED(0, 0x19, false, "keep alive timer expired"),
    KEEP_ALIVE_INVALID(0, 0x1a, true, "keep alive timeout invalid"),
    ABORTED_PREEMPT(0, 0x1b, true, "command aborted due to preempt and abort"),
    NAMESPACE_WRITE_PROTECTED(0, 0x20, true, "namespace is write protected"),
    COMMAND_INTERRUPTED(0, 0x21, false, "command interrupted"),
    TRANSIENT_TRANSPORT_ERROR(0, 0x22, false, "transient transport error"),
    ADMIN_COMMAND_MEDIA_NOT_READY(0, 0x24, false, "admin command media not ready"),
    INVALID_IO_COMMAND_SET(0, 0x2c, true, "invalid I/O command set"),
    LBA_OUT_OF_RANGE(0, 0x80, true, "LBA out of range"),
    CAPACITY_EXCEEDED(0, 0x81, true, "capacity exceeded"),
    NAMESPACE_NOT_READY(0, 0x82, false, "namespace not ready"),
    RESERVATION_CONFLICT(0, 0x83, true, "reservation conflict"),
    FORMAT_IN_PROGRESS(0, 0x84, false, "format in progress"),

    INVALID_QUEUE_ID(1, 0x01, true, "invalid queue identifier"),
    INVALID_QUEUE_SIZE(1, 0x02, true, "invalid queue size"),
    ABORT_LIMIT_EXCEEDED(1, 0x03, true, "abort command limit exceeded"),
    ASYNC_EVENT_LIMIT_EXCEEDED(1, 0x05, true, "asynchronous event request limit exceeded"),
    INVALID_LOG_PAGE(1, 0x09, true, "invalid log page"),
    FEATURE_NOT_SAVEABLE(1, 0x0d, true, "feature identifier not saveable"),
    FEATURE_NOT_CHANGEABLE(1, 0x0e, true, "feature not changeable"),
    FEATURE_NOT_NAMESPACE_SPECIFIC(1, 0x0f, true, "feature not namespace specific"),
    COMMAND_SIZE_LIMIT_EXCEEDED(1, 0x83, true, "command size limit exceeded"),
    INCOMPATIBLE_NAMESPACE(1, 0x85, true, "incompatible namespace or format"),
    FAST_COPY_NOT_POSSIBLE(1, 0x86, true, "fast copy not possible"),
    OVERLAPPING_IO_RANGE(1, 0x87, true, "overlapping I/O range"),
    NAMESPACE_NOT_REACHABLE(1, 0x88, false, "namespace not reachable"),
    INSUFFICIENT_RESOURCES(1, 0x89, false, "insufficient resources"),
    INCOMPATIBLE_FORMAT(1, 0x80, true, "connect: incompatible format"),
    CONNECT_CONTROLLER_BUSY(1, 0x81, false, "connect: controller busy"),
    CONNECT_INVALID_PARAMETERS(1, 0x82, true, "connect: invalid parameters"),
    CONNECT_RESTART_DISCOVERY(1, 0x83, true, "connect: restart discovery"),
    CONNECT_INVALID_HOST(1, 0x84, true, "connect: invalid host"),
    CONNECT_INVALID_QUEUE_TYPE(1, 0x85, true, "invalid queue type"),
    DISCOVERY_RESTART(1, 0x90, true, "discovery restart"),
    AUTHENTICATION_REQUIRED(1, 0x91, true, "authentication required"),

    WRITE_FAULT(2, 0x80, false, "write fault"),
    UNRECOVERED_READ_ERROR(2, 0x81, false, "unrecovered read error"),
    GUARD_CHECK_ERROR(2, 0x82, true, "end-to-end guard check error"),
    APPLICATION_TAG_CHECK_ERROR(2, 0x83, true, "end-to-end application tag check error"),
    REFERENCE_TAG_CHECK_ERROR(2, 0x84, true, "end-to-end reference tag check error"),
    COMPARE_FAILURE(2, 0x85, true, "compare failure"),
    ACCESS_DENIED(2, 0x86, true, "access denied"),
    DEALLOCATED_BLOCK(2, 0x87, false, "deallocated or unwritten logical block"),

    INTERNAL_PATH_ERROR(3, 0x00, false, "internal path error"),
    ANA_PERSISTENT_LOSS(3, 0x01, false, "asymmetric access persistent loss"),
    ANA_INACCESSIBLE(3, 0x02, false, "asymmetric access inaccessible"),
    ANA_TRANSITION(3, 0x03, false, "asymmetric access transition"),
    CONTROLLER_PATHING_ERROR(3, 0x60, false, "controller pathing error"),
    HOST_PATHING_ERROR(3, 0x70, false, "host pathing error"),
    ABORTED_BY_HOST(3, 0x71, false, "command aborted by host");

    /** Do Not Retry within the 15-bit status field. */
    public static final int DNR = 0x4000;

    /** Status code type and status code within the 15-bit status field. */
    private static final int CODE = 0x7ff;

    private final int code;
    private final boolean doNotRetry;
    private final String meaning;

    Status(int type, int code, boolean doNotRetry, String meaning) {
        this.code = type << 8 | code;
        this.doNotRetry = doNotRetry;
        this.meaning = meaning;
    }

    /** Status code type and status code (SCT shl 8 | SC), without DNR. */
    public int code() {
        return code;
    }

    /** The 15-bit status field as this target sends it, DNR included. */
    public int field() {
        return doNotRetry ? code | DNR : code;
    }

    public String meaning() {
        return meaning;
    }

    /** Whether a 15-bit status field carries this status, with or without DNR and More. */
    public boolean is(int field) {
        return (field & CODE) == code;
    }

    /** Whether this is a status of Connect or Disconnect, whose codes are other statuses of I/O commands. */
    private boolean isOfFabrics() {
        return switch (this) {
            case INCOMPATIBLE_FORMAT,
                    CONNECT_CONTROLLER_BUSY,
                    CONNECT_INVALID_PARAMETERS,
                    CONNECT_RESTART_DISCOVERY,
                    CONNECT_INVALID_HOST,
                    CONNECT_INVALID_QUEUE_TYPE ->
                    true;
            default -> false;
        };
    }

    /**
     * Text for the 15-bit status field that came from a peer; unknown codes in hexadecimal.
     *
     * @param command the standard's name of the command: a code of type 1 may be one status of Connect
     *     and another of I/O commands
     */
    public static String describe(String command, int field) {
        int code = field & CODE;
        boolean fabrics =
                command.equals(FabricsType.name(FabricsType.CONNECT))
                        || command.equals(FabricsType.name(FabricsType.DISCONNECT));
        @Nullable Status other = null;
        for (Status status : values()) {
            if (status.code == code) {
                if (status.isOfFabrics() == fabrics) {
                    return status.meaning;
                }
                other = status;
            }
        }
        return other != null
                ? other.meaning
                : "status %xh/%02xh".formatted(code >>> 8, code & 0xff);
    }
}
