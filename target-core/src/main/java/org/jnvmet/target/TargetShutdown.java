package org.jnvmet.target;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jnvmet.target.spi.Transport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The orderly end of a target, step by step, each bounded by what is left of one deadline. Work of a step
 * runs on virtual threads, so that one stuck medium or socket holds up neither the others nor the end.
 */
final class TargetShutdown implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(TargetShutdown.class);
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(10);
    private static final long LISTENERS_NANOS = TimeUnit.SECONDS.toNanos(3);
    private static final long CONTROLLERS_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** What closing the transports always gets, even when a medium used up its share. */
    private static final long TRANSPORTS_NANOS = TimeUnit.SECONDS.toNanos(1);

    private static final String REASON = "the target is shutting down";

    private final Target target;
    private final Collection<Transport> transports;
    private final long end;

    TargetShutdown(Target target, Collection<Transport> transports) {
        this(target, transports, LIMIT_NANOS);
    }

    /** Tests wait less. */
    TargetShutdown(Target target, Collection<Transport> transports, long limitNanos) {
        this.target = target;
        this.transports = transports;
        this.end = System.nanoTime() + limitNanos;
    }

    /** A piece of a step; false: it is not done. */
    private interface Work {
        boolean run() throws Exception;
    }

    @Override
    public void run() {
        Collection<Port> ports = target.ports();
        List<Subsystem> subsystems = new ArrayList<>(target.subsystems());
        subsystems.add(target.discoverySubsystem());

        // In this order on each loop: hosts learn that the path is closed, then lose the
        // association. Subsystems admit controllers until nothing listens any more: a host that
        // connects just now is cut off and tries again; a refusal would make it give up for good.
        ports.forEach(Port::makeInaccessible);
        subsystems.forEach(subsystem -> subsystem.evictAll(REASON));

        Step listeners = new Step("listeners");
        for (Port port : ports) {
            listeners.add(port.toString(), () -> port.shutDown(left() - TRANSPORTS_NANOS));
        }
        listeners.await(Math.min(LISTENERS_NANOS, left() - TRANSPORTS_NANOS));
        subsystems.forEach(subsystem -> subsystem.retire(REASON));

        Step controllers = new Step("controllers");
        for (Subsystem subsystem : subsystems) {
            controllers.add(
                    subsystem.toString(),
                    () -> subsystem.roster().awaitForgotten(Math.min(CONTROLLERS_NANOS, left())));
        }
        controllers.await(Math.min(CONTROLLERS_NANOS, left()));

        Step namespaces = new Step("namespaces");
        for (Subsystem subsystem : subsystems) {
            for (Namespace namespace : subsystem.namespaces()) {
                namespaces.add(
                        namespace.toString(),
                        () -> namespace.tryDisable(left() - TRANSPORTS_NANOS));
            }
        }
        namespaces.await(left() - TRANSPORTS_NANOS);

        Step closing = new Step("transports");
        for (Transport transport : transports) {
            closing.add(
                    transport.name(),
                    () -> {
                        transport.close();
                        return true;
                    });
        }
        closing.await(left());
    }

    private long left() {
        return Math.max(0, end - System.nanoTime());
    }

    /** Independent pieces of work that end before the next step begins, if they end in time. */
    private static final class Step {
        private final String name;
        private final List<CompletableFuture<Void>> pieces = new ArrayList<>();

        Step(String name) {
            this.name = name;
        }

        void add(String what, Work work) {
            CompletableFuture<Void> done = new CompletableFuture<>();
            pieces.add(done);
            Thread.ofVirtual()
                    .name("shutdown-" + what)
                    .start(() -> {
                        try {
                            if (!work.run()) {
                                LOG.warn("shutdown: {} did not end in time", what);
                            }
                        } catch (Exception e) {
                            LOG.error("shutdown: {} failed", what, e);
                        } finally {
                            done.complete(null);
                        }
                    });
        }

        void await(long nanos) {
            try {
                CompletableFuture.allOf(pieces.toArray(new CompletableFuture<?>[0]))
                        .get(Math.max(0, nanos), TimeUnit.NANOSECONDS);
            } catch (TimeoutException e) {
                LOG.warn("shutdown: {} did not end in time", name);
            } catch (ExecutionException e) {
                throw new IllegalStateException(e); // pieces never complete exceptionally
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt(); // hurry through the remaining steps
            }
        }
    }
}
