package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.spi.QueueEvents;

/** Keeps what a queue tells. */
public final class Completions implements QueueEvents {
    private static final long LIMIT_SECONDS = 60;

    private final BlockingQueue<HostRequest> done = new LinkedBlockingQueue<>();
    private final BlockingQueue<HostException> errors = new LinkedBlockingQueue<>();
    private final AtomicLong count = new AtomicLong();
    private final AtomicLong afterTheEnd = new AtomicLong();
    private volatile Predicate<HostRequest> then = _ -> true;
    private volatile boolean ended;

    /** What to do with a completed request; true to keep it for {@link #next}. */
    void then(Predicate<HostRequest> action) {
        then = action;
    }

    @Override
    public void done(HostRequest request, long result, int status) {
        if (ended) {
            afterTheEnd.incrementAndGet();
        }
        assertThat(status).isZero();
        count.incrementAndGet();
        if (then.test(request)) {
            done.add(request);
        }
    }

    @Override
    public void reportError(HostException reason) {
        if (ended) {
            afterTheEnd.incrementAndGet();
        }
        errors.add(reason);
    }

    HostRequest next() throws InterruptedException {
        HostRequest next = done.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no completion; errors: " + errors);
        }
        return next;
    }

    HostException nextError() throws InterruptedException {
        HostException next = errors.poll(LIMIT_SECONDS, TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("no error");
        }
        return next;
    }

    void awaitCount(long atLeast) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LIMIT_SECONDS);
        while (count.get() < atLeast) {
            assertThat(System.nanoTime()).as("time").isLessThan(deadline);
            Thread.onSpinWait();
        }
    }

    long count() {
        return count.get();
    }

    List<HostException> errors() {
        return List.copyOf(errors);
    }

    /** From now on nothing may be told. */
    void end() {
        ended = true;
    }

    long afterTheEnd() {
        return afterTheEnd.get();
    }
}
