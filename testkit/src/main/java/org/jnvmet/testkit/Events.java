package org.jnvmet.testkit;

import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;

/** Asynchronous events that a host has received and the test has not looked at. Any thread. */
public final class Events implements IntConsumer {
    private static final int SECONDS = 10;

    private final BlockingQueue<Integer> received = new LinkedBlockingQueue<>();

    @Override
    public void accept(int dword0) {
        received.add(dword0);
    }

    /** The next event; waits for it. */
    public int next() {
        try {
            Integer event = received.poll(SECONDS, TimeUnit.SECONDS);
            if (event == null) {
                throw new AssertionError("no event within " + SECONDS + " s");
            }
            return event;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        }
    }
}
