package org.jnvmet.app.bench;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What this process has used of the machine.
 *
 * @param userMs processor time in the program
 * @param systemMs processor time in the kernel
 * @param contextSwitches of all threads there are
 * @param majorFaults pages that were read from a disk
 * @param minorFaults pages that were not
 */
record ProcessUsage(
        long userMs, long systemMs, long contextSwitches, long majorFaults, long minorFaults) {
    static final ProcessUsage NONE = new ProcessUsage(0, 0, 0, 0, 0);

    private static final Path PROCESS = Path.of("/proc/self");
    private static final Pattern SWITCHES =
            Pattern.compile("^(?:non)?voluntary_ctxt_switches:\\s*(\\d+)", Pattern.MULTILINE);

    /** Linux counts in hundredths of a second, whatever the kernel's own clock. */
    private static final long MS_PER_TICK = 10;

    // Of proc(5), counted behind the name of the program.
    private static final int MINOR_FAULTS = 7;
    private static final int MAJOR_FAULTS = 9;
    private static final int USER_TICKS = 11;
    private static final int SYSTEM_TICKS = 12;

    /** Up to now; what cannot be found out is 0. */
    static ProcessUsage now() {
        try {
            String stat = Files.readString(PROCESS.resolve("stat"));
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
            return new ProcessUsage(
                    Long.parseLong(fields[USER_TICKS]) * MS_PER_TICK,
                    Long.parseLong(fields[SYSTEM_TICKS]) * MS_PER_TICK,
                    switches(),
                    Long.parseLong(fields[MAJOR_FAULTS]),
                    Long.parseLong(fields[MINOR_FAULTS]));
        } catch (IOException e) {
            return NONE;
        }
    }

    /** Bytes of heap that all threads but the calling one have allocated up to now. */
    static long allocatedByOthers() {
        return ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads
                ? threads.getTotalThreadAllocatedBytes() - threads.getCurrentThreadAllocatedBytes()
                : 0;
    }

    private static long switches() throws IOException {
        long sum = 0;
        try (DirectoryStream<Path> threads = Files.newDirectoryStream(PROCESS.resolve("task"))) {
            for (Path thread : threads) {
                sum += switchesOf(thread.resolve("status"));
            }
        }
        return sum;
    }

    private static long switchesOf(Path status) {
        long sum = 0;
        try {
            Matcher line = SWITCHES.matcher(Files.readString(status));
            while (line.find()) {
                sum += Long.parseLong(line.group(1));
            }
        } catch (IOException e) {
            return 0; // the thread has just ended
        }
        return sum;
    }

    ProcessUsage since(ProcessUsage before) {
        return new ProcessUsage(
                userMs - before.userMs,
                systemMs - before.systemMs,
                Math.max(0, contextSwitches - before.contextSwitches),
                majorFaults - before.majorFaults,
                minorFaults - before.minorFaults);
    }
}
