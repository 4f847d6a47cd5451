package org.jnvmet.p2pmem;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.DataBuffer;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;

/**
 * Has a pair of memory and medium prove itself without writing to the medium: the same blocks are read
 * through system memory, through the peer memory and through system memory again. Platforms were seen
 * that report success and deliver the data to somewhere else.
 *
 * <p>Before the read the peer memory holds the complement of the data, so that data which never arrives
 * is missed. Blocks that differ between the two reads through system memory are being written by hosts
 * and prove nothing. A difference must be seen twice, as a host may write the same data again just then.
 * One thread; waits for the medium, within a limit.
 */
final class SelfCheck {
    /** For how long one pair is tried. */
    static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(5);

    private static final int PIECE_BYTES = 64 << 10;
    private static final int ALIGNMENT = 4096;

    /** Pieces at different places that must agree. */
    private static final int PROOFS = 3;

    private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(1);

    /** How one piece came out. */
    private enum Outcome {
        EQUAL,
        DIFFERENT,
        /** Hosts were writing all of it, or it could not be read through system memory either. */
        UNKNOWN
    }

    private final Medium medium;
    private final PeerPool pool;
    private final RandomGenerator random;
    private final long deadline;
    private final String pair;

    private SelfCheck(Medium medium, PeerPool pool, RandomGenerator random, long limitNanos) {
        this.medium = medium;
        this.pool = pool;
        this.random = random;
        deadline = System.nanoTime() + limitNanos;
        pair = "%s and %s".formatted(pool.provider().address(), medium.namespace());
    }

    static Verdict run(Medium medium, PeerPool pool, RandomGenerator random, long limitNanos) {
        return new SelfCheck(medium, pool, random, limitNanos).run();
    }

    private Verdict run() {
        Backend backend = medium.backend();
        long bytes = backend.blocks() << backend.blockShift();
        int piece = pieceBytes(backend, bytes);
        if (piece == 0) {
            return passed("an empty medium has nothing to check");
        }
        DataBuffer buffer = null;
        try {
            buffer = acquire(piece);
            if (buffer == null) {
                return new Verdict(
                        FallBack.EXHAUSTED,
                        false,
                        "self-check of %s: no %,d bytes of the memory were free in time"
                                .formatted(pair, piece));
            }
            return run(buffer, piece, bytes);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return failed("it was interrupted", false);
        } catch (RuntimeException e) {
            return failed("the medium took no read: " + e.getMessage(), false);
        } finally {
            if (buffer != null) {
                medium.releaseWhenIdle(buffer);
            }
        }
    }

    private int pieceBytes(Backend backend, long bytes) {
        long piece = Math.min(Math.min(PIECE_BYTES, pool.maxBufferBytes()), bytes);
        return (int) (piece >>> backend.blockShift() << backend.blockShift());
    }

    private @Nullable DataBuffer acquire(int bytes) throws InterruptedException {
        DataBuffer buffer = pool.tryAcquire(bytes);
        while (buffer == null && left() > 0) {
            TimeUnit.NANOSECONDS.sleep(PAUSE_NANOS); // until commands in flight give some back
            buffer = pool.tryAcquire(bytes);
        }
        return buffer;
    }

    private Verdict run(DataBuffer buffer, int piece, long bytes) throws InterruptedException {
        int equal = 0;
        int different = 0;
        for (int i = 0; left() > 0 && equal < PROOFS * (1 + 4 * different); i++) {
            Trial trial = new Trial(buffer, place(i, piece, bytes), piece);
            Outcome outcome = trial.run();
            Verdict verdict = trial.verdict;
            if (verdict != null) {
                return verdict;
            }
            if (outcome == Outcome.EQUAL) {
                equal++;
            } else if (outcome == Outcome.DIFFERENT && ++different == 2) {
                return failed("the data read through it differs, at byte " + trial.wrongByte, true);
            }
        }
        return equal > 0 && different < 2
                ? passed("reads of %s agree".formatted(pair))
                : failed("no block could be compared in time", false);
    }

    /** The first piece, the last, and then any, at a multiple of a block. */
    private long place(int number, int piece, long bytes) {
        int shift = medium.backend().blockShift();
        long last = (bytes - piece) >>> shift;
        long block =
                switch (number) {
                    case 0 -> 0;
                    case 1 -> last;
                    default -> random.nextLong(last + 1);
                };
        return block << shift;
    }

    private long left() {
        return deadline - System.nanoTime();
    }

    private Verdict passed(String sentence) {
        return new Verdict(null, true, "self-check passed: " + sentence);
    }

    private Verdict failed(String why, boolean lasting) {
        return new Verdict(
                FallBack.DIFFERS, lasting, "self-check of %s failed: %s".formatted(pair, why));
    }

    /** One piece of the medium. */
    private final class Trial {
        private final DataBuffer peer;
        private final long offset;
        private final int bytes;
        private @Nullable Verdict verdict;
        private long wrongByte;

        private Trial(DataBuffer peer, long offset, int bytes) {
            this.peer = peer;
            this.offset = offset;
            this.bytes = bytes;
        }

        private Outcome run() throws InterruptedException {
            // The collector's, not ours: a medium that is late may still write there.
            MemorySegment before = Arena.ofAuto().allocate(bytes, ALIGNMENT);
            MemorySegment after = Arena.ofAuto().allocate(bytes, ALIGNMENT);
            if (!read(before, 0, false)) {
                return Outcome.UNKNOWN;
            }
            fillWithComplement(before);
            if (!read(peer.memory(), peer.offset(), true)) {
                return Outcome.UNKNOWN;
            }
            if (!read(after, 0, false)) {
                return Outcome.UNKNOWN;
            }
            return compare(before, after);
        }

        /** False: not read, or not to be used, which {@link #verdict} tells. */
        private boolean read(MemorySegment data, long at, boolean peerMemory)
                throws InterruptedException {
            CheckOperation operation = medium.read(offset, bytes, data, at, peerMemory);
            if (!operation.await(left())) {
                verdict = failed("a read did not end in time", true);
                return false;
            }
            int errno = operation.refusal();
            if (errno != 0) {
                verdict = Verdict.refused(pool.provider().address(), medium, errno);
                return false;
            }
            boolean success = operation.status() == Status.SUCCESS;
            if (!success && peerMemory) {
                verdict =
                        failed(
                                "a read through it ended with " + operation.status().meaning(),
                                true);
            }
            return success;
        }

        private void fillWithComplement(MemorySegment data) {
            MemorySegment memory = peer.memory();
            long at = peer.offset();
            for (long i = 0; i < bytes; i += Long.BYTES) {
                long word = data.get(ValueLayout.JAVA_LONG_UNALIGNED, i);
                memory.set(ValueLayout.JAVA_LONG_UNALIGNED, at + i, ~word);
            }
        }

        private Outcome compare(MemorySegment before, MemorySegment after) {
            int block = 1 << medium.backend().blockShift();
            int stable = 0;
            for (long at = 0; at < bytes; at += block) {
                if (MemorySegment.mismatch(before, at, at + block, after, at, at + block) >= 0) {
                    continue;
                }
                stable++;
                long from = peer.offset() + at;
                long wrong =
                        MemorySegment.mismatch(
                                before, at, at + block, peer.memory(), from, from + block);
                if (wrong >= 0) {
                    wrongByte = offset + at + wrong;
                    return Outcome.DIFFERENT;
                }
            }
            return stable > 0 ? Outcome.EQUAL : Outcome.UNKNOWN;
        }
    }
}
