package org.jnvmet.target;

import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.jnvmet.target.posix.Errno;

/**
 * Which ANA groups exist in the target: a group exists while a namespace of any subsystem is in it or
 * any port knows it. Group 1 always exists. Any thread, no locks.
 */
final class AnaGroupCounts {
    static final int MAX = 128;

    private final AtomicIntegerArray users = new AtomicIntegerArray(MAX + 1);
    private final AtomicLong changes = new AtomicLong();

    AnaGroupCounts() {
        users.set(1, 1);
    }

    static void check(int group, int min) {
        if (group < min || group > MAX) {
            throw new ConfigException(
                    Errno.EINVAL, "ANA group %d is not within %d .. %d".formatted(group, min, MAX));
        }
    }

    void add(int group) {
        users.incrementAndGet(group);
    }

    void remove(int group) {
        users.decrementAndGet(group);
    }

    int[] existing() {
        return IntStream.rangeClosed(1, MAX).filter(group -> users.get(group) > 0).toArray();
    }

    void changed() {
        changes.incrementAndGet();
    }

    long changes() {
        return changes.get();
    }
}
