package org.jnvmet.target;

import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/** Randomness that can be repeated: {@code -Dseed=N}. */
final class Seed {
    private static final long VALUE = Long.getLong("seed", System.nanoTime());

    private Seed() {}

    static RandomGenerator random(long stream) {
        System.out.println("seed " + VALUE + ", repeat with -Dseed=" + VALUE);
        return RandomGeneratorFactory.of("L64X128MixRandom").create(VALUE + stream);
    }
}
