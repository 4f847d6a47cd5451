package org.jnvmet.target;

import java.util.Iterator;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.Loop;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.Properties;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Shutdown of a controller: before CSTS.SHST says complete, everything its host has written is on the
 * media (Base, Controller Shutdown). Flushes one namespace after the other. Owned by the admin
 * queue's loop.
 */
final class ShutdownFlush extends MediumOperation {
    private static final Logger LOG = LoggerFactory.getLogger(ShutdownFlush.class);

    /** CSTS.SHST while it flushes. */
    private static final int SHST_IN_PROGRESS = 0b01;

    private final Controller controller;
    private final Iterator<Namespace> remaining;
    private Namespace current;

    private ShutdownFlush(Controller controller, Iterator<Namespace> namespaces, Loop loop) {
        super(loop);
        this.controller = controller;
        this.remaining = namespaces;
        this.current = namespaces.next();
    }

    /** Begins; reports to the controller's registers. */
    static void start(Controller controller, Loop loop) {
        Iterator<Namespace> namespaces = controller.subsystem().namespaces().iterator();
        if (!namespaces.hasNext()) {
            controller.registers().shutdownStatus(Properties.SHST_COMPLETE);
            return;
        }
        controller.registers().shutdownStatus(SHST_IN_PROGRESS);
        new ShutdownFlush(controller, namespaces, loop).flush();
    }

    /** In a task of its own, so that a thousand namespaces need no deep stack. */
    private void flushNext() {
        if (remaining.hasNext()) {
            current = remaining.next();
            loop().execute(this::flush);
        } else {
            controller.registers().shutdownStatus(Properties.SHST_COMPLETE);
        }
    }

    private void flush() {
        Backend backend = current.enter(loop().index());
        if (backend == null) {
            flushNext();
        } else {
            submitTo(backend);
        }
    }

    @Override
    void onDone(Status status) {
        current.leave(loop().index());
        if (status != Status.SUCCESS) {
            LOG.warn("{}: flush of {} at shutdown: {}", controller, current, status);
        }
        flushNext();
    }
}
