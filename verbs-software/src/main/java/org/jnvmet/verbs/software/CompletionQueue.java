package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvWC;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jnvmet.verbs.AsyncEvent;
import org.jspecify.annotations.Nullable;

/**
 * Completions: put in by the worker, polled by one thread. Completions of a queue pair that is destroyed
 * stay in it, as with the kernel's software device. Allocates nothing after its making.
 */
final class CompletionQueue extends IbvCQ {
    /** Of {@link #request}: tells nobody. */
    static final int QUIET = 0;

    /** Of {@link #request}: tells of what was sent so, and of errors. */
    static final int SOLICITED = 1;

    /** Of {@link #request}: tells of the next completion. */
    static final int ANY = 2;

    /** What the fields of a failed completion hold that mean nothing. */
    private static final int UNDEFINED = -1;

    private final SoftwareDevice device;
    private final @Nullable CompletionChannel events;
    private final int entries;
    private final Entry[] ring;
    private final AtomicInteger requested = new AtomicInteger(QUIET);
    private final List<QueuePair> queuePairs = new ArrayList<>(); // under the network's lock
    private volatile long put;
    private volatile long polled;
    private volatile boolean broken;
    private volatile boolean destroyed;
    private int untaken; // guarded by the channel
    private int unacknowledged; // guarded by the channel

    private static final class Entry {
        private long id;
        private int status;
        private int opcode;
        private int bytes;
        private int flags;
        private int extra;
        private int queuePair;
        private @Nullable SendRing sent;
        private long sentUpTo;
        private @Nullable ReceiveRing received;
    }

    CompletionQueue(
            SoftwareDevice device, @Nullable CompletionChannel events, int entries, int handle)
            throws IOException {
        super(device, orNull(events), handle);
        this.device = device;
        this.events = events;
        this.entries = entries;
        cqe = entries;
        ring = new Entry[entries];
        for (int i = 0; i < entries; i++) {
            ring[i] = new Entry();
        }
    }

    @SuppressWarnings("NullAway") // a queue without a channel is polled only
    private static CompletionChannel orNull(@Nullable CompletionChannel channel) {
        return channel;
    }

    @Nullable CompletionChannel events() {
        return events;
    }

    /** Of each queue pair one for its sends and one for its receives. */
    List<QueuePair> queuePairs() {
        return queuePairs;
    }

    /** A work request of the send queue is done. The worker's. */
    void sent(QueuePair queuePair, SendRing send, int entry, long upTo, int status) {
        Entry each = next(queuePair, send.id(entry), status);
        if (each == null) {
            return;
        }
        each.sent = send;
        each.sentUpTo = upTo;
        if (status == 0) {
            each.opcode = Carrier.completionOf(send.opcode(entry));
            each.bytes = (int) send.segments().total(entry);
        }
        publish(status != 0);
    }

    /** A receive is filled, or will not be. The worker's. */
    void received(QueuePair queuePair, ReceiveRing receives, int entry, Message message) {
        Entry each = next(queuePair, receives.id(entry), message.status);
        if (each == null) {
            return;
        }
        each.received = receives;
        if (message.status == 0) {
            each.opcode = IbvWC.IbvWcOpcode.IBV_WC_RECV.getOpcode();
            each.bytes = message.bytes;
            each.flags = message.flags;
            each.extra = message.extra;
        }
        publish(message.solicited || message.status != 0);
    }

    /** What a receive is told about its message; one of the worker's, used again and again. */
    static final class Message {
        int status;
        int bytes;
        int flags;
        int extra;
        boolean solicited;

        Message of(int status) {
            this.status = status;
            bytes = 0;
            flags = 0;
            extra = 0;
            solicited = false;
            return this;
        }
    }

    private @Nullable Entry next(QueuePair queuePair, long id, int status) {
        if (broken || destroyed) {
            return null;
        }
        if (put - polled == entries) {
            overflow();
            return null;
        }
        Entry each = ring[(int) (put % entries)];
        each.id = id;
        each.status = status;
        each.opcode = UNDEFINED;
        each.bytes = UNDEFINED;
        each.flags = 0;
        each.extra = 0;
        each.queuePair = queuePair.number();
        each.sent = null;
        each.received = null;
        return each;
    }

    private void publish(boolean important) {
        long next = put + 1;
        put = next;
        int wanted = requested.get();
        if ((wanted == ANY || (wanted == SOLICITED && important))
                && requested.compareAndSet(wanted, QUIET)
                && events != null) {
            events.tell(this);
        }
    }

    /** More than it holds: nothing comes any more, and what used it is dead. */
    private void overflow() {
        broken = true;
        device.report(AsyncEvent.Type.CQ_ERR, 0);
        for (QueuePair each : queuePairs) {
            each.fatal();
        }
    }

    /** Takes completions. */
    int take(IbvWC[] completions, int most) {
        if (destroyed) {
            throw new IllegalStateException("completion queue " + handle + " is destroyed");
        }
        long from = polled;
        int count = (int) Math.min(Math.min(most, completions.length), put - from);
        for (int i = 0; i < count; i++) {
            Entry each = ring[(int) ((from + i) % entries)];
            fill(completions[i], each);
            SendRing sent = each.sent;
            ReceiveRing received = each.received;
            if (sent != null) {
                sent.release(each.sentUpTo);
            } else if (received != null) {
                received.release();
            }
            each.sent = null;
            each.received = null;
        }
        polled = from + count;
        return count;
    }

    private static void fill(IbvWC completion, Entry entry) {
        completion.setWr_id(entry.id);
        completion.setStatus(entry.status);
        completion.setOpcode(entry.opcode);
        completion.setVendor_err(0);
        completion.setByte_len(entry.bytes);
        completion.setImm_data(entry.extra);
        completion.setQp_num(entry.queuePair);
        completion.setWc_flags(entry.flags);
    }

    /** Tells the channel of the next completion; those that are there already do not count. */
    void request(int what) {
        if (destroyed) {
            throw new IllegalStateException("completion queue " + handle + " is destroyed");
        }
        requested.accumulateAndGet(what, Math::max);
    }

    void addEvent() {
        untaken++;
    }

    boolean takeEvent() {
        if (untaken == 0) {
            return false;
        }
        untaken--;
        return true;
    }

    void toAcknowledge() {
        unacknowledged++;
    }

    /** Events taken are done with. */
    void acknowledge(int count) {
        CompletionChannel channel = events;
        if (channel == null) {
            throw new IllegalStateException("completion queue without a channel has no events");
        }
        synchronized (channel) {
            if (count > unacknowledged) {
                throw new IllegalStateException(
                        "%d events acknowledged, of %d".formatted(count, unacknowledged));
            }
            unacknowledged -= count;
        }
    }

    int unacknowledged() {
        CompletionChannel channel = events;
        if (channel == null) {
            return 0;
        }
        synchronized (channel) {
            return unacknowledged;
        }
    }

    void destroy() {
        destroyed = true;
        isOpen = false;
    }
}
