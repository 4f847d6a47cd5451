package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvCompChannel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Tells that completion queues have something. Any thread; its monitor guards it, and is held for short only. */
final class CompletionChannel extends IbvCompChannel {
    private final EventDescriptor descriptor;
    private final List<CompletionQueue> queues = new ArrayList<>();

    CompletionChannel(SoftwareDevice device, EventDescriptor descriptor) throws IOException {
        super(descriptor.number(), device);
        this.descriptor = descriptor;
    }

    synchronized void join(CompletionQueue queue) {
        queues.add(queue);
    }

    /** Events of that queue that nobody took are gone. */
    synchronized void leave(CompletionQueue queue) {
        queues.remove(queue);
        while (queue.takeEvent()) {
            descriptor.lower();
        }
    }

    synchronized boolean isUsed() {
        return !queues.isEmpty();
    }

    synchronized void tell(CompletionQueue queue) {
        queue.addEvent();
        descriptor.raise();
        notifyAll();
    }

    /** Takes an event; false when none came within the time, which -1 does not limit. */
    synchronized boolean take(int timeoutMs) throws InterruptedException {
        long deadline = System.nanoTime() + timeoutMs * 1_000_000L;
        while (!takeNow()) {
            long rest = (deadline - System.nanoTime() + 999_999) / 1_000_000;
            if (timeoutMs >= 0 && rest <= 0) {
                return false;
            }
            wait(timeoutMs < 0 ? 0 : rest);
        }
        return true;
    }

    private boolean takeNow() {
        for (int i = 0; i < queues.size(); i++) {
            CompletionQueue each = queues.get(i);
            if (each.takeEvent()) {
                each.toAcknowledge();
                descriptor.lower();
                return true;
            }
        }
        return false;
    }

    void shut() {
        isOpen = false;
        descriptor.close();
    }
}
