package org.jnvmet.app.bench;

import java.util.List;
import java.util.Locale;

/** The line that shows how a run goes on, as fio's. Owned by the thread that watches the run. */
final class ProgressLine {
    private static final long SECOND = 1_000_000_000;

    private final long[] ios = new long[Direction.ALL.size()];
    private final int blockBytes;
    private long lastNs;

    ProgressLine(int blockBytes, long startNs) {
        this.blockBytes = blockBytes;
        lastNs = startNs;
    }

    /**
     * How far a run is.
     *
     * @param letters what each job is doing, a letter each
     * @param share of the run that is over, 0 to 1; negative when nobody knows
     * @param leftNs time to the end
     */
    record Progress(List<Character> letters, double share, long leftNs) {}

    /**
     * The line.
     *
     * @param iosSoFar of all jobs, by direction
     */
    String next(Progress progress, long[] iosSoFar, long nowNs) {
        double seconds = Math.max(1, nowNs - lastNs) / (double) SECOND;
        lastNs = nowNs;
        StringBuilder bandwidth = new StringBuilder();
        StringBuilder rate = new StringBuilder();
        for (Direction direction : Direction.ALL) {
            int i = direction.index();
            double done = (iosSoFar[i] - ios[i]) / seconds;
            ios[i] = iosSoFar[i];
            if (iosSoFar[i] > 0) {
                String name = (bandwidth.isEmpty() ? "" : ",") + direction.text().charAt(0) + '=';
                bandwidth.append(name).append(FioNumber.binaryBytes(done * blockBytes, "B/s"));
                rate.append(name).append(FioNumber.decimal(done));
            }
        }
        long running = progress.letters().stream().filter(each -> each != '_').count();
        return "Jobs: %d (f=%d): [%s][%s]%s[eta %s]"
                .formatted(
                        running,
                        running,
                        letters(progress.letters()),
                        percent(progress.share()),
                        bandwidth.isEmpty() ? "" : "[" + bandwidth + "][" + rate + " IOPS]",
                        progress.share() < 0 ? "--" : eta(progress.leftNs()));
    }

    private static String percent(double share) {
        return share < 0 ? "-.-%" : String.format(Locale.ROOT, "%.1f%%", 100 * Math.min(1, share));
    }

    /** Equal neighbours are counted: r(3),_(1). */
    private static String letters(List<Character> letters) {
        StringBuilder text = new StringBuilder();
        for (int from = 0, to; from < letters.size(); from = to) {
            to = from + 1;
            while (to < letters.size() && letters.get(to).equals(letters.get(from))) {
                to++;
            }
            text.append(text.isEmpty() ? "" : ",").append(letters.get(from));
            text.append('(').append(to - from).append(')');
        }
        return text.toString();
    }

    private static String eta(long ns) {
        long seconds = Math.max(0, (ns + SECOND - 1) / SECOND);
        String text = "%02dm:%02ds".formatted(seconds / 60 % 60, seconds % 60);
        long hours = seconds / 3600;
        return hours == 0 ? text : "%02dh:%s".formatted(hours, text);
    }
}
