package org.jnvmet.p2pmem;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.atomic.LongAdder;
import org.jnvmet.target.spi.Loop;

/**
 * What became of the commands of a port or a namespace whose data could have been staged in peer memory;
 * totals over its life. Each loop counts in a stripe of its own, without contention; readers add them up.
 */
final class Tally {
    private volatile Stripe[] stripes = {};

    /** Commands that had a peer buffer which the kernel then refused: they count as refused, not as staged. */
    private final LongAdder refusedCommands = new LongAdder();

    private final LongAdder refusedBytes = new LongAdder();

    /** The stripe of that loop; the same at each call. */
    @SuppressWarnings("ReferenceEquality") // the very loop
    Stripe stripe(Loop loop) {
        for (Stripe stripe : stripes) {
            if (stripe.loop == loop) {
                return stripe;
            }
        }
        return addStripe(loop);
    }

    @SuppressWarnings("ReferenceEquality")
    private synchronized Stripe addStripe(Loop loop) {
        for (Stripe stripe : stripes) {
            if (stripe.loop == loop) {
                return stripe;
            }
        }
        Stripe[] more = Arrays.copyOf(stripes, stripes.length + 1);
        Stripe added = new Stripe(loop);
        more[stripes.length] = added;
        stripes = more;
        return added;
    }

    /** The kernel refused the peer buffer that a command had. Any thread. */
    void refused(long bytes) {
        refusedCommands.increment();
        refusedBytes.add(bytes);
    }

    /** Commands whose data was staged. */
    long stagedCommands() {
        long refused = refusedCommands.sum(); // first: it is counted as staged before it is refused
        return sum(Stripe.STAGED) - refused;
    }

    /** Bytes of their data. */
    long stagedBytes() {
        long refused = refusedBytes.sum();
        return sum(Stripe.STAGED + 1) - refused;
    }

    /** Commands whose data was in system memory for that reason. */
    long fallBackCommands(FallBack reason) {
        long others = reason == FallBack.REFUSED ? refusedCommands.sum() : 0;
        return sum(Stripe.of(reason)) + others;
    }

    /** Bytes of their data. */
    long fallBackBytes(FallBack reason) {
        long others = reason == FallBack.REFUSED ? refusedBytes.sum() : 0;
        return sum(Stripe.of(reason) + 1) + others;
    }

    private long sum(int index) {
        long sum = 0;
        for (Stripe stripe : stripes) {
            sum += stripe.get(index);
        }
        return sum;
    }

    /** Counts of one loop: plain numbers of one writer, which others may read at any time. */
    static final class Stripe {
        private static final VarHandle COUNT =
                MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();

        /** A cache line before and behind, so that no other stripe's numbers share it. */
        private static final int PADDING = 8;

        private static final int STAGED = PADDING;
        private static final int PAIRS = 1 + FallBack.values().length;

        private final Loop loop;
        private final long[] counts = new long[PADDING + 2 * PAIRS + PADDING];

        private Stripe(Loop loop) {
            this.loop = loop;
        }

        /** A command has a peer buffer for so many bytes. */
        void staged(int bytes) {
            add(STAGED, bytes);
        }

        /** A command has a buffer of system memory for so many bytes. */
        void fellBack(FallBack reason, int bytes) {
            add(of(reason), bytes);
        }

        private static int of(FallBack reason) {
            return STAGED + 2 * reason.pair();
        }

        private long get(int index) {
            return (long) COUNT.getOpaque(counts, index);
        }

        private void add(int index, int bytes) {
            COUNT.setOpaque(counts, index, counts[index] + 1);
            COUNT.setOpaque(counts, index + 1, counts[index + 1] + bytes);
        }
    }
}
