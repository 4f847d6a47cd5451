package org.jnvmet.app.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * A job: keeps its slots outstanding until its time or its size is over, then reads back what it wrote, if asked to.
 * Each completion begins the next I/O at once, on the thread of the queue. Allocates nothing then.
 *
 * <p>Who completes an I/O has the turn and does all there is to do. A completion that comes meanwhile, from another
 * path's thread or from within a submission, is left to whoever has the turn: state has one owner at a time, nobody
 * waits, and nothing recurses. State is only touched by the owner of the turn, but for what says otherwise.
 */
final class Job {
    /** One in so many submissions is timed: a second look at the clock for each would cost too much. */
    private static final int SUBMISSIONS_PER_SAMPLE = 16;

    /** What a job is doing. */
    enum Phase {
        RUNNING,
        /** Reading back what it has written. */
        READING_BACK,
        ENDED
    }

    private final JobOptions options;
    private final Region region;
    private final int index;
    private final HostNamespace namespace;
    private final LongSupplier clock;
    private final Workload workload;
    private final Pace pace;
    private final boolean paced;
    private final JobStats stats;
    private final @Nullable Verifier verifier;
    private final Slot[] slots;
    private final CountDownLatch end = new CountDownLatch(1);

    private final AtomicInteger turn = new AtomicInteger();
    private final AtomicReference<@Nullable Slot> done = new AtomicReference<>();
    private final Slot[] idle;
    private int idleCount;
    private int outstanding;
    private @Nullable Direction blocked;
    private long nowNs;
    private long measuredFromNs;
    private long endsAtNs;
    private long unitsLeft;
    private long unitToReadBack;
    private int submissions;
    private boolean giveUp;
    private volatile Phase phase = Phase.RUNNING;
    private volatile boolean stop;

    /**
     * Prepares a job.
     *
     * @param index its number among the jobs, which is the queue it uses
     */
    Job(
            JobOptions options,
            Region region,
            int index,
            HostNamespace namespace,
            Environment environment) {
        this.options = options;
        this.region = region;
        this.index = index;
        this.namespace = namespace;
        clock = environment.clock();
        SplittableRandom random = environment.random().split();
        workload =
                new Workload(
                        options.readWrite(), options.readPercent(), region.units(), random.split());
        pace = new Pace(options.limits(), options.blockBytes());
        paced = options.limits().limited();
        stats = new JobStats(options.blockBytes());
        verifier =
                options.verify().enabled()
                        ? new Verifier(options, region, environment.run(), stats.verify())
                        : null;
        unitsLeft = options.time().basedOnTime() ? Long.MAX_VALUE : region.units();
        slots = new Slot[options.depth()];
        idle = new Slot[options.depth()];
        for (int i = 0; i < slots.length; i++) {
            slots[i] = new Slot(this, environment.arena(), options.blockBytes());
            fill(slots[i].data(), random);
        }
    }

    /**
     * What jobs share.
     *
     * @param clock nanoseconds from any origin
     * @param arena of their memory, which lives longer than they
     * @param random each job splits its own off
     * @param run tells the blocks that this run writes from others
     */
    record Environment(LongSupplier clock, Arena arena, SplittableRandom random, int run) {}

    private static void fill(MemorySegment data, SplittableRandom random) {
        for (long at = 0; at < data.byteSize(); at += Long.BYTES) {
            data.set(Le.U64, at, random.nextLong());
        }
    }

    /** Begins. Once, by any thread. */
    void start() {
        nowNs = clock.getAsLong();
        measuredFromNs = nowNs + options.time().rampNs();
        long runNs = options.time().runNs();
        endsAtNs = runNs == 0 ? Long.MAX_VALUE : measuredFromNs + runNs;
        stats.begin(measuredFromNs);
        pace.start(nowNs);
        for (Slot slot : slots) {
            idle[idleCount++] = slot;
        }
        wake();
    }

    /**
     * Goes on where the rates allow it now. Any thread; what it submits it submits after its turn, so that the queue's
     * thread takes over.
     */
    void wake() {
        if (turn.getAndIncrement() == 0) {
            nowNs = clock.getAsLong();
            Slot slot = takeTurn(true);
            while (slot != null) {
                Slot following = slot.next;
                slot.next = null;
                submit(slot);
                slot = following;
            }
        }
    }

    /** Begins no more I/Os, and reads nothing back; those that are outstanding still end. Any thread. */
    void stop() {
        stop = true;
        wake();
    }

    Phase phase() {
        return phase;
    }

    /** Whether it must be woken to go on in time. */
    boolean paced() {
        return paced && phase == Phase.RUNNING;
    }

    /** Opens when it has ended: no command is outstanding any more. */
    CountDownLatch end() {
        return end;
    }

    /** What it has done: complete once it has ended. */
    JobStats stats() {
        return stats;
    }

    Region region() {
        return region;
    }

    // ---- completion

    /** A slot's command has ended. Any thread. */
    void onComplete(Slot slot) {
        slot.endNs = clock.getAsLong();
        if (turn.compareAndSet(0, 1)) {
            finish(slot);
            takeTurn(false);
            return;
        }
        Slot first;
        do {
            first = done.get();
            slot.next = first;
        } while (!done.compareAndSet(first, slot));
        wake();
    }

    /**
     * Does what there is to do, until nobody has asked for more meanwhile.
     *
     * @param keep whether to keep what is to be submitted
     * @return what was kept, each pointing to the next
     */
    private @Nullable Slot takeTurn(boolean keep) {
        Slot kept = null;
        int asked = 1;
        do {
            Slot slot = done.get() == null ? null : done.getAndSet(null);
            while (slot != null) {
                Slot following = slot.next;
                slot.next = null;
                finish(slot);
                slot = following;
            }
            for (Slot next = prepare(); next != null; next = prepare()) {
                if (keep) {
                    next.next = kept;
                    kept = next;
                } else {
                    submitAndSample(next);
                }
            }
            asked = turn.addAndGet(-asked);
        } while (asked != 0);
        return kept;
    }

    private void finish(Slot slot) {
        nowNs = slot.endNs;
        outstanding--;
        idle[idleCount++] = slot;
        boolean succeeded = slot.request().succeeded();
        if (succeeded) {
            stats.completed();
        } else {
            fail(slot.request());
        }
        boolean measured = slot.startNs - measuredFromNs >= 0;
        if (!slot.readingBack && succeeded) {
            stats.of(slot.direction).add(slot.endNs - slot.startNs, measured);
            if (measured) {
                stats.lasts(slot.endNs);
            }
        }
        if (verifier != null) {
            verify(verifier, slot, succeeded);
        }
    }

    private void verify(Verifier by, Slot slot, boolean succeeded) {
        if (slot.direction == Direction.WRITE) {
            by.endWrite(slot.unit, succeeded);
        } else {
            by.endRead(slot.data(), slot.view(), slot.unit, succeeded);
        }
        if (options.verify().fatal() && stats.verify().wrongBlocks() > 0) {
            giveUp = true;
        }
    }

    private void fail(HostRequest request) {
        if (stats.firstError() == null) {
            stats.firstError(why(request));
        }
        stats.failed();
        if (options.onError() == JobOptions.OnError.END) {
            giveUp = true;
        }
    }

    private static String why(HostRequest request) {
        HostException failure = request.failure();
        return "%s: %s"
                .formatted(
                        request.name(),
                        failure == null
                                ? Status.describe(request.name(), request.status())
                                : failure.getMessage());
    }

    // ---- the next I/O

    /** The next slot to submit; null when there is none now. */
    private @Nullable Slot prepare() {
        if (idleCount == 0 || phase == Phase.ENDED) {
            return null;
        }
        if (phase == Phase.RUNNING) {
            if (!over()) {
                return prepareNext();
            }
            if (outstanding > 0) {
                return null;
            }
            phase = Phase.READING_BACK;
        }
        Slot slot = prepareReadBack();
        if (slot == null && outstanding == 0) {
            phase = Phase.ENDED;
            end.countDown();
        }
        return slot;
    }

    private boolean over() {
        return stop || giveUp || unitsLeft <= 0 || nowNs - endsAtNs >= 0;
    }

    private @Nullable Slot prepareNext() {
        Direction direction = paced ? directionAtPace() : workload.direction();
        if (direction == null) {
            return null;
        }
        long unit = workload.unit(direction);
        Slot slot = take(direction, verifier == null ? unit : verifier.begin(direction, unit));
        unitsLeft--;
        if (slot.startNs - measuredFromNs >= 0) {
            stats.began(outstanding);
        }
        return slot;
    }

    /** The direction that comes next; if its rate does not allow it yet, the other one of a mixed pattern. */
    private @Nullable Direction directionAtPace() {
        Direction wanted = blocked == null ? workload.direction() : blocked;
        if (pace.allows(wanted, nowNs)) {
            blocked = null;
            pace.begun(wanted);
            return wanted;
        }
        blocked = wanted;
        if (!options.readWrite().mixed()) {
            return null;
        }
        Direction other = wanted == Direction.READ ? Direction.WRITE : Direction.READ;
        if (!pace.allows(other, nowNs)) {
            return null;
        }
        pace.begun(other);
        return other;
    }

    private @Nullable Slot prepareReadBack() {
        if (verifier == null || stop || giveUp || !options.verify().atEnd()) {
            return null;
        }
        long unit = verifier.written(unitToReadBack);
        if (unit < 0) {
            unitToReadBack = region.units();
            return null;
        }
        unitToReadBack = unit + 1;
        Slot slot = take(Direction.READ, verifier.begin(Direction.READ, unit));
        slot.readingBack = true;
        return slot;
    }

    private Slot take(Direction direction, long unit) {
        Slot slot = idle[--idleCount];
        outstanding++;
        slot.direction = direction;
        slot.unit = unit;
        slot.startNs = nowNs;
        slot.readingBack = false;
        HostCommand command = slot.request().command();
        long lba = region.lba(unit);
        int blocks = region.blocksPerUnit();
        switch (direction) {
            case READ -> IoCommands.read(command, namespace.id(), lba, blocks, slot.data());
            case WRITE -> {
                if (verifier != null) {
                    verifier.seal(slot.data(), slot.view(), unit);
                }
                IoCommands.write(command, namespace.id(), lba, blocks, slot.data());
            }
            case TRIM -> IoCommands.deallocate(command, namespace.id(), slot.range(lba, blocks));
        }
        stats.submitted();
        return slot;
    }

    private void submitAndSample(Slot slot) {
        if (++submissions % SUBMISSIONS_PER_SAMPLE != 0 || slot.startNs - measuredFromNs < 0) {
            submit(slot);
            return;
        }
        Direction direction = slot.direction; // the slot is the host's afterwards
        long before = clock.getAsLong();
        submit(slot);
        stats.of(direction).addSubmission(clock.getAsLong() - before);
    }

    private void submit(Slot slot) {
        namespace.submit(slot.request(), index);
    }
}
