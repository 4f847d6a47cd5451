package org.jnvmet.verbs.software;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong on a fabric. Counts alone decide, so a test may let the first, the second, the third
 * step of a kind fail until there is no such step any more. Each fault happens once; any number may wait.
 * Any thread.
 */
public final class Faults {
    /** Where something goes wrong: calls, and from {@link #SEND} on what becomes of work requests. */
    public enum Step {
        /** {@code createId}. */
        CREATE_ID,
        BIND,
        LISTEN,
        /** {@code resolveAddr} and {@code resolveRoute}. */
        RESOLVE,
        CONNECT,
        ACCEPT,
        REJECT,
        ALLOCATE_DOMAIN,
        /** Of memory or of a dma-buf. */
        REGISTER,
        /** Of events or of completions. */
        CREATE_CHANNEL,
        CREATE_CQ,
        CREATE_SRQ,
        CREATE_QP,
        /** Each {@code execute()} of a call that holds something. */
        POST_SEND,
        /** As {@link #POST_SEND}, to either kind of receive queue. */
        POST_RECEIVE,
        REQUEST_NOTIFICATION,
        /** A SEND of any kind that found a receive. */
        SEND,
        RDMA_READ,
        RDMA_WRITE,
        /** A message that fills a receive. */
        RECEIVE
    }

    /** Of {@link #completion}: as it should be. */
    static final int NONE = 0;

    /** Of {@link #completion}: is done without a completion. */
    static final int LOST = -1;

    private static final Set<Step> WORK =
            EnumSet.of(Step.SEND, Step.RDMA_READ, Step.RDMA_WRITE, Step.RECEIVE);

    private final Map<Step, AtomicInteger> counts = new EnumMap<>(Step.class);
    private final List<Fault> faults = new ArrayList<>(); // guarded by itself
    private volatile boolean any;
    private volatile @Nullable UnaryOperator<byte[]> change;
    private volatile boolean lateEstablished;

    private record Fault(Step step, int at, int value) {}

    Faults() {
        for (Step step : Step.values()) {
            counts.put(step, new AtomicInteger());
        }
    }

    /**
     * Has a call fail.
     *
     * @param skip calls from now on that succeed before
     */
    public void failCall(Step step, int skip, int errno) {
        if (WORK.contains(step)) {
            throw new IllegalArgumentException(step + " is no call");
        }
        add(step, skip, errno);
    }

    /**
     * Has a work request fail: nothing of it is done, it completes with that status, and its queue pair is in
     * error. Of {@link Step#RECEIVE} the receiver fails so, and its sender with a remote operation error.
     *
     * @param wcStatus of {@code enum ibv_wc_status}; not success
     */
    public void failCompletion(Step step, int skip, int wcStatus) {
        if (wcStatus <= 0) {
            throw new IllegalArgumentException("status " + wcStatus + " is no failure");
        }
        addOfWork(step, skip, wcStatus);
    }

    /** Has a work request be done, and its completion never appear. */
    public void loseCompletion(Step step, int skip) {
        addOfWork(step, skip, LOST);
    }

    /** Changes the private data of connect requests under way; null: it stays. Padded or cut to what a request has. */
    public void privateData(@Nullable UnaryOperator<byte[]> change) {
        this.change = change;
    }

    /**
     * Has ESTABLISHED of the side that accepts come after the first message of the other side, which with a
     * device is a matter of luck. Without a message it does not come.
     */
    public void lateEstablished(boolean wanted) {
        lateEstablished = wanted;
    }

    boolean isEstablishedLate() {
        return lateEstablished;
    }

    /** Nothing goes wrong any more; counts go on. */
    public void clear() {
        synchronized (faults) {
            faults.clear();
            any = false;
        }
        change = null;
        lateEstablished = false;
    }

    /** How often that step has happened so far, failed or not. */
    public int count(Step step) {
        return counter(step).get();
    }

    /** Faults that did not happen yet. */
    public int pending() {
        synchronized (faults) {
            return faults.size();
        }
    }

    /** The step happens. The errno that it fails with; 0: it succeeds. Allocates nothing. */
    int call(Step step) {
        int now = counter(step).getAndIncrement();
        return any ? take(step, now) : NONE;
    }

    /** The step happens. {@link #NONE}, {@link #LOST} or the status. Allocates nothing. */
    int completion(Step step) {
        return call(step);
    }

    byte[] changed(byte[] privateData) {
        UnaryOperator<byte[]> current = change;
        return current == null ? privateData : current.apply(privateData.clone());
    }

    /** The earliest that is due; one may be late when its step happened just while it was added. */
    private int take(Step step, int now) {
        synchronized (faults) {
            Fault due = null;
            for (Fault each : faults) {
                if (each.step == step && each.at <= now && (due == null || each.at < due.at)) {
                    due = each;
                }
            }
            if (due == null) {
                return NONE;
            }
            faults.remove(due);
            any = !faults.isEmpty();
            return due.value;
        }
    }

    private void addOfWork(Step step, int skip, int value) {
        if (!WORK.contains(step)) {
            throw new IllegalArgumentException(step + " has no completion");
        }
        add(step, skip, value);
    }

    private void add(Step step, int skip, int value) {
        if (skip < 0) {
            throw new IllegalArgumentException("skip " + skip);
        }
        synchronized (faults) {
            int at = counter(step).get() + skip;
            faults.removeIf(each -> each.step == step && each.at == at);
            faults.add(new Fault(step, at, value));
            any = true;
        }
    }

    private AtomicInteger counter(Step step) {
        return Objects.requireNonNull(counts.get(step));
    }
}
