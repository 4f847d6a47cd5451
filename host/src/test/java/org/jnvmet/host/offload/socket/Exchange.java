package org.jnvmet.host.offload.socket;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.function.Consumer;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.spi.QueueEvents;

/** Submits requests again from within their completions, and counts what that allocates. */
final class Exchange implements QueueEvents {
    private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private final Semaphore ended = new Semaphore(0);
    private volatile Consumer<HostRequest> send = _ -> {};
    private int left;
    private int outstanding;
    private long before;
    private long allocated;

    /** Bytes allocated by the queue's thread for 1,000 commands. */
    double run(Consumer<HostRequest> sender, List<HostRequest> requests, int commands)
            throws InterruptedException {
        send = sender;
        left = commands;
        outstanding = requests.size();
        before = -1;
        requests.forEach(sender);
        ended.acquire();
        return allocated * 1000.0 / commands;
    }

    @Override
    public void done(HostRequest request, long result, int status) {
        if (before < 0) {
            before = threads.getCurrentThreadAllocatedBytes();
        }
        if (left > 0) {
            left--;
            send.accept(request);
        } else if (--outstanding == 0) {
            allocated = threads.getCurrentThreadAllocatedBytes() - before;
            ended.release();
        }
    }

    @Override
    public void reportError(HostException reason) {
        throw reason;
    }
}
