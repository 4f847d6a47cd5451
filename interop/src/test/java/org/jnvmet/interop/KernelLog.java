package org.jnvmet.interop;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Messages of a guest's kernel, and which of them a scenario has to answer for. */
final class KernelLog {
    private static final int WARNING = 4;
    private static final Pattern LINE = Pattern.compile("<(\\d+)>(?:\\[ *[\\d.]+] )?(.*)");

    /** Disks, the file systems on them, RDMA, and what the kernel says when it is hurt itself. */
    private static final Pattern CONCERNS_US =
            Pattern.compile(
                    "nvme|rdma|rxe|infiniband|I/O error|EXT4-fs|JBD2|blk_update|critical|BUG:|WARNING:|Oops|Call Trace"
                            + "|blocked for more than|refcount",
                    Pattern.CASE_INSENSITIVE);

    /** One message; a lower level is more severe, as in syslog. */
    record Message(int level, String text) {}

    private KernelLog() {}

    /** Takes the raw form of dmesg apart: {@code <6>[ 2.46] text}. */
    static List<Message> parse(String raw) {
        List<Message> messages = new ArrayList<>();
        for (String line : raw.lines().toList()) {
            Matcher matcher = LINE.matcher(line);
            if (matcher.matches()) {
                int facilityAndLevel = Integer.parseInt(matcher.group(1));
                messages.add(new Message(facilityAndLevel & 7, matcher.group(2)));
            }
        }
        return messages;
    }

    /** Warnings and errors about disks that match none of the patterns. */
    static List<String> unexpected(List<Message> messages, List<Pattern> expected) {
        return messages.stream()
                .filter(message -> message.level() <= WARNING)
                .map(Message::text)
                .filter(text -> CONCERNS_US.matcher(text).find())
                .filter(text -> expected.stream().noneMatch(p -> p.matcher(text).find()))
                .toList();
    }
}
