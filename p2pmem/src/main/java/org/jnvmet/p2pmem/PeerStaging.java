package org.jnvmet.p2pmem;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import org.jnvmet.p2pmem.pool.PeerPool;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Controller;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.Placement;
import org.jnvmet.target.spi.Staging;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Stages I/O data in the nearest peer memory: the whole of this module as the target sees it.
 *
 * <p>One lock guards the model; control threads hold it while they look at devices and while a pair of
 * memory and medium proves itself. Loops never take it: what they tell is done later on a thread of this
 * object, in the order of the telling, and a controller that comes is placed at once by what was decided
 * before.
 */
public final class PeerStaging implements Staging {
    private static final Logger LOG = LoggerFactory.getLogger(PeerStaging.class);
    private static final long CLOSE_SECONDS = 10;

    private final Path sysfs;
    private final Map<PciAddress, DmaBufProvider> handedIn = new HashMap<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Map<Port, PortState> ports = new ConcurrentHashMap<>();
    private final Map<Controller, ControllerState> controllers = new ConcurrentHashMap<>();
    private final Decider decider;
    private final Board board;
    private final ExecutorService later =
            Executors.newSingleThreadExecutor(Thread.ofVirtual().name("p2pmem").factory());
    private final Watch.Ending watch;

    /** What is below {@code sysfs} is read when it is needed; {@code random} breaks ties. */
    public PeerStaging(Path sysfs, RandomGenerator random) {
        this(sysfs, random, List.of());
    }

    /**
     * As {@link #PeerStaging(Path, RandomGenerator)}, with memory that was handed in: it takes the place of what sysfs
     * shows of its function. Closed with this object.
     *
     * @throws ConfigException EINVAL when two are of the same function
     */
    public PeerStaging(Path sysfs, RandomGenerator random, List<DmaBufProvider> handedIn) {
        this(sysfs, random, handedIn, Watch::onThread, SelfCheck.LIMIT_NANOS);
    }

    /** @param checkNanos for how long a pair may prove itself */
    PeerStaging(Path sysfs, RandomGenerator random, Watch watch, long checkNanos) {
        this(sysfs, random, List.of(), watch, checkNanos);
    }

    /** All of them. */
    PeerStaging(
            Path sysfs,
            RandomGenerator random,
            List<DmaBufProvider> handedIn,
            Watch watch,
            long checkNanos) {
        this.sysfs = sysfs;
        for (DmaBufProvider provider : handedIn) {
            if (this.handedIn.put(provider.address(), provider) != null) {
                throw new ConfigException(
                        Errno.EINVAL, "dma-buf: two are of " + provider.address());
            }
        }
        decider = new Decider(sysfs, this.handedIn, random, checkNanos);
        board =
                new Board(
                        decider,
                        this::tree,
                        ports,
                        controllers,
                        (medium, refusal) -> later(() -> board().refused(medium, refusal)));
        this.watch = watch.start(this::look);
    }

    private Board board() {
        return board;
    }

    /** The topology as it is now. */
    public PciTree tree() {
        Map<PciAddress, PciFunction.Memory> memory = new HashMap<>();
        handedIn.forEach((address, provider) ->
                memory.put(
                        address,
                        new PciFunction.Memory(
                                provider.bytes(),
                                provider.availableBytes(),
                                provider.published())));
        return PciTree.read(sysfs, memory);
    }

    /** All providers there are, in the order of enumeration, also those that are not published. */
    public List<ProviderReport> providers() {
        return locked(() -> {
            List<ProviderReport> all = new ArrayList<>();
            for (PciFunction function : board.tree().functions()) {
                if (function.memory() != null) {
                    PeerPool pool = decider.pool(function.address());
                    all.add(new ProviderReport(pool, Reports.clients(board, pool)));
                }
            }
            return all;
        });
    }

    /** The decisions for a subsystem's namespaces on a port, those in force and those not. */
    public List<Explanation> explain(Port port, Subsystem subsystem) {
        return locked(() -> new Explainer(board, decider).explain(port, subsystem));
    }

    /** The decisions that there would be, were {@code machine} the one that this runs on. Nothing is tried or changed. */
    public List<Explanation> explain(Port port, Subsystem subsystem, PciTree machine) {
        return locked(() -> Explainer.supposing(machine, board, decider).explain(port, subsystem));
    }

    /**
     * A provider and its use.
     *
     * @param pool what is mapped of it
     * @param clients who stages data in it: "port 1", "namespace 2 of nqn..."
     */
    public record ProviderReport(PeerPool pool, List<String> clients) {}

    // ---- What the target tells.

    @Override
    public PeerMemory parse(String text) {
        PciAddress address = PciAddress.parse(text);
        PciFunction function = address == null ? null : tree().function(address);
        if (function != null) {
            if (!function.isProvider()) {
                throw new ConfigException(
                        Errno.ENODEV, "%s publishes no peer memory".formatted(text));
            }
            return PeerMemory.of(text);
        }
        PeerMemory setting = PeerMemory.ofBoolean(text);
        if (setting == null) {
            throw new ConfigException(Errno.ENODEV, "no such PCI device: " + text);
        }
        return setting;
    }

    @Override
    public void enabling(Namespace namespace, Backend backend) {
        locked(() -> board.enable(new Medium(namespace, backend)));
    }

    @Override
    public void disabled(Namespace namespace) {
        Medium medium = locked(() -> board.medium(namespace));
        if (medium != null) {
            medium.awaitIdle(); // without the lock: that may take long
            locked(() -> board.disable(medium));
        }
    }

    @Override
    public void linking(Port port, Subsystem subsystem) {
        locked(() -> board.link(port, subsystem));
    }

    @Override
    public void unlinked(Port port, Subsystem subsystem) {
        locked(() -> board.unlink(port, subsystem));
    }

    @Override
    public void changing(Port port, PeerMemory allowed, boolean strict) {
        locked(() -> board.change(port, allowed, strict));
    }

    @Override
    public void admitted(Controller controller) {
        PortState port = ports.get(controller.port());
        Map<Namespace, Placement> known =
                port == null ? null : port.placements(controller.localAddress());
        boolean waits = known == null && port != null && port.strict && port.allowed.allowed();
        StagedPlacement undecided = waits ? StagedPlacement.undecided() : null;
        ControllerState state = new ControllerState(controller, undecided);
        // First of all, so that a change which comes just now finds it.
        controllers.put(controller, state);
        if (known != null) {
            controller.place(known);
        } else if (undecided != null) {
            controller.place(all(controller, undecided));
        }
        later(() -> settle(state));
    }

    private static Map<Namespace, Placement> all(Controller controller, Placement placement) {
        Map<Namespace, Placement> all = new HashMap<>();
        for (Namespace namespace : controller.subsystem().namespaces()) {
            all.put(namespace, placement);
        }
        return all;
    }

    private void settle(ControllerState state) {
        if (controllers.containsKey(state.controller)) {
            board.settle(state);
        }
    }

    @Override
    public void gone(Controller controller) {
        ControllerState state = controllers.remove(controller);
        if (state != null) {
            later(() -> board.forget(state));
        }
    }

    @Override
    public String status(Port port) {
        return locked(() -> Reports.status(board, port));
    }

    @Override
    public String status(Namespace namespace) {
        return locked(() -> Reports.status(board, namespace));
    }

    @Override
    public void close() {
        watch.close();
        later.shutdown();
        try {
            if (!later.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
                LOG.warn("decisions about peer memory did not end in {} s", CLOSE_SECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        locked(board::close);
        handedIn.values().forEach(DmaBufProvider::close);
    }

    // ---- Threads.

    /** Looks after the providers; see {@link Watch}. */
    private void look() {
        try {
            locked(() -> {
                board.vanished().forEach(board::lose);
                board.recover();
            });
        } catch (RuntimeException e) {
            LOG.error("looking after the providers of peer memory failed", e);
        }
    }

    /** Runs {@code change} under the lock, behind those before it; for those who must not wait. */
    private void later(Runnable change) {
        try {
            later.execute(() -> {
                try {
                    locked(change);
                } catch (RuntimeException e) {
                    LOG.error("deciding where data is staged failed", e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("a change after the end", e);
        }
    }

    /** Waits until all that was told so far has been decided; for tests. */
    void settled() {
        CompletableFuture.runAsync(() -> {}, later).join();
    }

    private void locked(Runnable change) {
        lock.lock();
        try {
            board.begin();
            change.run();
        } finally {
            lock.unlock();
        }
    }

    private <T extends @Nullable Object> T locked(Supplier<T> question) {
        lock.lock();
        try {
            board.begin();
            return question.get();
        } finally {
            lock.unlock();
        }
    }
}
