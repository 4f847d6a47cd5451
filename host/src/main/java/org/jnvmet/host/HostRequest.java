package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.DataDirection;
import org.jnvmet.wire.Sqe;
import org.jspecify.annotations.Nullable;

/**
 * A submission of a command, and how it ended. Made once and used again for command after command:
 * then nothing is allocated. From {@code submit} to its completion it belongs to the queue, with its
 * command and the command's memory; it completes exactly once, whatever happens, with a status: the
 * controller's, or {@link org.jnvmet.wire.Status#HOST_PATHING_ERROR} or {@link
 * org.jnvmet.wire.Status#ABORTED_BY_HOST} when the host ended it, and then {@link #failure} says why.
 */
public final class HostRequest {
    /** Is told of the end of a request. */
    @FunctionalInterface
    public interface Completion {
        /**
         * The request is complete and the caller's again; it may be submitted again from here. Called
         * on the queue's thread, which it must not hold up.
         */
        void onComplete(HostRequest request);
    }

    /** Where a completed request goes first: it may be sent again before the caller hears of it. */
    interface Finisher {
        void finish(HostRequest request);
    }

    private static final Finisher TELL_CALLER = HostRequest::tellCaller;

    private final Completion completion;
    private HostCommand command;
    private Finisher finisher = TELL_CALLER;
    private int commandId;
    private int slot;
    private int status;
    private long result;
    private int sqHead;
    private int sqId;
    private @Nullable HostException failure;

    // Of HostQueue's line and HostNamespace's.
    @Nullable HostRequest next;
    long timeoutMs;

    // Of HostNamespace: where the request is, and how it came there.
    @Nullable NamespacePath path;
    boolean counted;
    int affinity;
    int retries;

    /** A request whose command is set by {@link #command(HostCommand)} or one of the I/O methods. */
    public HostRequest(Completion completion) {
        this(HostCommand.io(0), completion);
    }

    public HostRequest(HostCommand command, Completion completion) {
        this.command = command;
        this.completion = completion;
    }

    /** The command of the next submission. */
    public HostRequest command(HostCommand next) {
        command = next;
        return this;
    }

    public HostCommand command() {
        return command;
    }

    /** Time limit of the next submissions, in milliseconds; 0 for the queue's own. */
    public HostRequest timeoutMs(long ms) {
        timeoutMs = ms;
        return this;
    }

    /** Name of the command. */
    public String name() {
        return command.name();
    }

    /** The 15-bit status field, DNR and More included; 0 is success. After completion. */
    public int status() {
        return status;
    }

    public boolean succeeded() {
        return (status & 0x7ff) == 0;
    }

    /** Dwords 0 and 1 of the completion. */
    public long result() {
        return result;
    }

    /** Submission queue head pointer that came with the completion. */
    public int sqHead() {
        return sqHead;
    }

    /** Submission queue identifier that came with the completion. */
    public int sqId() {
        return sqId;
    }

    /** Why the host ended the request itself; null when the controller completed it. */
    public @Nullable HostException failure() {
        return failure;
    }

    // ---- for transports

    /** The entry, without identifier and SGL: whoever sends it writes them into its copy. */
    public Sqe sqe() {
        return command.sqe();
    }

    /** The 64 bytes of {@link #sqe}. */
    public MemorySegment entry() {
        return command.sqe().memory();
    }

    /** The 16 bits of the identifier of this submission, as the controller must repeat them. */
    public int commandId() {
        return commandId;
    }

    /** Index of the submission among those outstanding: 0 to entries of the queue - 2. */
    public int slot() {
        return slot;
    }

    public HostData data() {
        return command.data();
    }

    public DataDirection direction() {
        return command.direction();
    }

    /** What else a completion said; called before {@code done} by transports that know. */
    public void head(int queueHead, int queueId) {
        sqHead = queueHead;
        sqId = queueId;
    }

    // ---- for the host

    void identify(int id, int slotOfId) {
        commandId = id;
        slot = slotOfId;
        sqHead = 0;
        sqId = 0;
    }

    void finisher(@Nullable Finisher first) {
        finisher = first == null ? TELL_CALLER : first;
    }

    void end(int endStatus, long endResult, @Nullable HostException reason) {
        status = endStatus;
        result = endResult;
        failure = reason;
        finisher.finish(this);
    }

    void tellCaller() {
        completion.onComplete(this);
    }
}
