package org.jnvmet.app.bench;

/** Count, extremes, mean and standard deviation of values from 0. Allocates nothing; owned by one thread. */
final class Spread {
    private long count;
    private long min = Long.MAX_VALUE;
    private long max;
    private double sum;
    private double squares;

    void add(long value) {
        count++;
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
        squares += (double) value * value;
    }

    /** Adds the values of another. */
    void add(Spread other) {
        count += other.count;
        min = Math.min(min, other.min);
        max = Math.max(max, other.max);
        sum += other.sum;
        squares += other.squares;
    }

    /** Adds those of one that runs beside this one, so that their values at one time are one value. */
    void addBeside(Spread other) {
        if (count == 0) {
            add(other);
            return;
        }
        if (other.count == 0) {
            return;
        }
        double variance = variance() + other.variance();
        double mean = mean() + other.mean();
        count = Math.max(count, other.count);
        min += other.min;
        max += other.max;
        sum = mean * count;
        squares = variance * Math.max(count - 1, 1) + mean * sum;
    }

    long count() {
        return count;
    }

    /** 0 without values. */
    long min() {
        return count == 0 ? 0 : min;
    }

    long max() {
        return max;
    }

    double mean() {
        return count == 0 ? 0 : sum / count;
    }

    private double variance() {
        return count < 2 ? 0 : Math.max(0, (squares - sum / count * sum) / (count - 1));
    }

    /** Of a sample; 0 below two values. */
    double standardDeviation() {
        return Math.sqrt(variance());
    }
}
