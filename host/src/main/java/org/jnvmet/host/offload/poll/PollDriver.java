package org.jnvmet.host.offload.poll;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.host.HostException;
import org.jnvmet.host.linux.Errno;
import org.jnvmet.host.linux.PollSet;
import org.jnvmet.host.offload.socket.DeviceThread;

/** Looks at the sockets of a thread's queues, one after the other. */
final class PollDriver implements DeviceThread.Driver {
    private final int wakeUp;
    private final List<PollQueue> queues = new ArrayList<>();
    private final PollSet waiting = new PollSet();
    private int round;

    PollDriver(int wakeUp) {
        this.wakeUp = wakeUp;
    }

    void add(PollQueue queue) {
        queues.add(queue);
    }

    void remove(PollQueue queue) {
        queues.remove(queue);
    }

    @Override
    public boolean work() {
        round++;
        boolean traffic = false;
        for (int i = 0; i < queues.size(); i++) {
            traffic |= queues.get(i).work(round);
        }
        return traffic;
    }

    @Override
    public void sleep(long timeoutMs) {
        waiting.clear();
        waiting.add(wakeUp, PollSet.IN);
        for (int i = 0; i < queues.size(); i++) {
            int interest = queues.get(i).interest();
            if (interest < 0) {
                return;
            }
            if (interest != 0) {
                waiting.add(queues.get(i).socket(), interest);
            }
        }
        int result = waiting.await(timeoutMs);
        if (result < 0) {
            throw new IllegalStateException("poll: " + Errno.text(-result));
        }
    }

    @Override
    public void fail(HostException reason) {
        queues.forEach(queue -> queue.fail(reason));
    }

    @Override
    public void close() {
        waiting.close();
    }
}
