package org.jnvmet.app.bench;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Which generation each unit should have, and what is being done to it. Each write of a unit has the next generation;
 * a read must find the last one. A write that failed may have happened or not, wholly or in part, and until the next
 * one succeeds each of the generations in doubt is allowed. Owned by the job; allocates for units in doubt only.
 */
final class Generations {
    /** Stands for what was there before the first write: anything. */
    static final int UNKNOWN = 0;

    private static final short WRITER = -1;

    /** The last generation that was begun to be written; {@link #UNKNOWN} if none. */
    private final int[] latest;

    /** Readers of a unit, or {@link #WRITER}. */
    private final short[] users;

    private final Map<Integer, int[]> inDoubt = new HashMap<>();

    Generations(int units) {
        latest = new int[units];
        users = new short[units];
    }

    int units() {
        return latest.length;
    }

    /** Begins to read a unit, unless it is being written. */
    boolean tryRead(int unit) {
        if (users[unit] == WRITER) {
            return false;
        }
        users[unit]++;
        return true;
    }

    void endRead(int unit) {
        users[unit]--;
    }

    /** Begins to write a unit, unless it is in use. */
    boolean tryWrite(int unit) {
        if (users[unit] != 0) {
            return false;
        }
        users[unit] = WRITER;
        return true;
    }

    /** The generation to write; between {@link #tryWrite} and its end. */
    int next(int unit) {
        return latest[unit] + 1;
    }

    void written(int unit) {
        end(unit);
        if (!inDoubt.isEmpty()) {
            inDoubt.remove(unit);
        }
    }

    void failed(int unit) {
        int[] before = inDoubt.getOrDefault(unit, new int[] {latest[unit]});
        int[] now = Arrays.copyOf(before, before.length + 1);
        end(unit);
        now[before.length] = latest[unit];
        inDoubt.put(unit, now);
    }

    private void end(int unit) {
        users[unit] = 0;
        latest[unit]++;
    }

    /** Whether a block of the unit may have this generation. */
    boolean allows(int unit, int generation) {
        int[] several = inDoubt.isEmpty() ? null : inDoubt.get(unit);
        if (several == null) {
            return generation == latest[unit];
        }
        for (int each : several) {
            if (each == generation) {
                return true;
            }
        }
        return false;
    }

    boolean everWritten(int unit) {
        return latest[unit] != UNKNOWN;
    }

    /** The generations that are allowed, for messages. */
    String expected(int unit) {
        int[] several = inDoubt.get(unit);
        if (several == null) {
            return String.valueOf(latest[unit]);
        }
        return "one of " + Arrays.toString(several);
    }
}
