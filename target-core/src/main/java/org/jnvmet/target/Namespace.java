package org.jnvmet.target;

import java.io.IOException;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A namespace of a subsystem: {@code namespaces/<nsid>}. Configuration methods: any thread, refusals as
 * {@link ConfigException}. Data path: {@link #enter} before each use of the backend, {@link #leave} after.
 *
 * <p>The configuration lock is held while the medium is opened or drained, which may take long; loops
 * never take it, and it holds up nothing but other changes of this namespace. Values are read without it.
 */
public final class Namespace {
    private static final Logger LOG = LoggerFactory.getLogger(Namespace.class);
    private static final long DRAIN_WARN_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final UUID NO_NGUID = new UUID(0, 0);

    private final Subsystem subsystem;
    private final int nsid;
    private final NamespaceGate gate = new NamespaceGate();
    private final ReentrantLock configuration = new ReentrantLock();

    // Written under the configuration lock.
    private volatile @Nullable String devicePath;
    private volatile UUID uuid = UUID.randomUUID();
    private volatile UUID nguid = NO_NGUID;
    private volatile boolean bufferedIo;
    private volatile PeerMemory peerMemory = PeerMemory.OFF;
    private boolean removed;

    /** A medium whose drain was given up at shutdown: the gate is closed, operations may still run. */
    private @Nullable Backend draining;

    /** Own monitor, as the group may change while the configuration lock is held for long. */
    private final Object anaMonitor = new Object();

    private volatile int anaGroup = 1;
    private boolean countedInAnaGroup = true;

    Namespace(Subsystem subsystem, int nsid) {
        this.subsystem = subsystem;
        this.nsid = nsid;
        subsystem.target().anaGroupCounts().add(anaGroup);
    }

    public Subsystem subsystem() {
        return subsystem;
    }

    /** 1 .. 0xfffffffe, unsigned; constant. */
    public int nsid() {
        return nsid;
    }

    public @Nullable String devicePath() {
        return devicePath;
    }

    /** EBUSY while enabled, EINVAL when empty. The medium is looked at when the namespace is enabled. */
    public void devicePath(String path) {
        whileDisabled(
                Errno.EBUSY,
                "device_path",
                () -> {
                    if (path.isEmpty()) {
                        throw new ConfigException(Errno.EINVAL, this + ": device_path is empty");
                    }
                    devicePath = path;
                });
    }

    /** EBUSY while enabled: for callers who must say so before they look at a new value. */
    public void requireDisabled(String attribute) {
        requireDisabled(Errno.EBUSY, attribute);
    }

    public UUID uuid() {
        return uuid;
    }

    public void uuid(UUID uuid) {
        whileDisabled(Errno.EBUSY, "device_uuid", () -> this.uuid = uuid);
    }

    /** NGUID, 16 bytes in the order of the wire; all zero when unset. */
    public UUID nguid() {
        return nguid;
    }

    public void nguid(UUID nguid) {
        whileDisabled(Errno.EBUSY, "device_nguid", () -> this.nguid = nguid);
    }

    /** ANA group, 1 .. 128. */
    public int anaGroup() {
        return anaGroup;
    }

    /** Allowed while enabled. */
    public void anaGroup(int group) {
        AnaGroupCounts.check(group, 1);
        AnaGroupCounts counts = subsystem.target().anaGroupCounts();
        synchronized (anaMonitor) {
            if (!countedInAnaGroup) {
                throw gone();
            }
            counts.add(group);
            counts.remove(anaGroup);
            anaGroup = group;
        }
        counts.changed();
        subsystem.tellControllers(Controller::anaChanged);
    }

    public boolean bufferedIo() {
        return bufferedIo;
    }

    public void bufferedIo(boolean buffered) {
        whileDisabled(Errno.EINVAL, "buffered_io", () -> bufferedIo = buffered);
    }

    /** Whether, and where, its data may be staged in PCI peer memory. */
    public PeerMemory peerMemory() {
        return peerMemory;
    }

    /** EBUSY while enabled. {@link org.jnvmet.target.spi.Staging#parse} has checked the value. */
    public void peerMemory(PeerMemory setting) {
        whileDisabled(Errno.EBUSY, "p2pmem", () -> peerMemory = setting);
    }

    public boolean enabled() {
        return gate.backend() != null;
    }

    /** Opens the medium and shows the namespace to hosts. Idempotent. May take long; holds no lock that I/O or Connect needs. */
    public void enable() {
        configuration.lock();
        try {
            refuseRemoved();
            if (enabled()) {
                return;
            }
            String path = devicePath;
            if (path == null) {
                throw new ConfigException(Errno.EINVAL, this + ": device_path is not set");
            }
            Backend backend = subsystem.target().openBackend(path, bufferedIo);
            admit(backend);
            gate.open(backend);
            LOG.info(
                    "{} enabled: {}, {} blocks of {} bytes",
                    this,
                    path,
                    backend.blocks(),
                    1 << backend.blockShift());
        } finally {
            configuration.unlock();
        }
        subsystem.tellControllers(controller -> controller.namespaceChanged(nsid));
    }

    /** Has it decided where data is staged; closes the medium if that is refused, or fails. */
    private void admit(Backend backend) {
        boolean admitted = false;
        try {
            subsystem.target().staging().enabling(this, backend);
            admitted = true;
        } finally {
            if (!admitted) {
                close(backend);
            }
        }
    }

    /** Hides the namespace, waits for running operations, closes the medium. Idempotent, never fails. */
    public void disable() {
        configuration.lock();
        try {
            disableLocked();
        } finally {
            configuration.unlock();
        }
    }

    /** As {@link #disable}, but gives up after {@code nanos}; false: operations still run, the medium stays open. */
    boolean tryDisable(long nanos) throws InterruptedException {
        long deadline = System.nanoTime() + nanos;
        if (!configuration.tryLock(nanos, TimeUnit.NANOSECONDS)) {
            return false;
        }
        try {
            Backend backend = hide();
            if (backend == null) {
                return true;
            }
            if (!gate.drained(deadline - System.nanoTime())) {
                draining = backend;
                return false;
            }
            close(backend);
            return true;
        } finally {
            configuration.unlock();
        }
    }

    /** Disables for good; the subsystem takes it out of its table afterwards. */
    void retire() {
        configuration.lock();
        try {
            refuseRemoved();
            disableLocked();
            removed = true;
        } finally {
            configuration.unlock();
        }
        synchronized (anaMonitor) {
            countedInAnaGroup = false;
            subsystem.target().anaGroupCounts().remove(anaGroup);
        }
    }

    /** Reads the medium's size anew and tells hosts if it changed. EINVAL when disabled. */
    public void revalidateSize() {
        boolean changed;
        configuration.lock();
        try {
            Backend backend = gate.backend();
            if (backend == null) {
                throw new ConfigException(
                        Errno.EINVAL, this + " is not enabled: it has no size to revalidate");
            }
            changed = backend.revalidate();
            if (changed) {
                LOG.info("{} has {} blocks now", this, backend.blocks());
            }
        } catch (IOException e) {
            throw new ConfigException(
                    Errno.EIO,
                    "%s: cannot read the size of %s: %s"
                            .formatted(this, devicePath, e.getMessage()));
        } finally {
            configuration.unlock();
        }
        if (changed) {
            subsystem.tellControllers(controller -> controller.namespaceChanged(nsid));
        }
    }

    /** Enters the data path, striped by {@link org.jnvmet.target.spi.Loop#index()}: null when disabled, else the backend until {@link #leave}. */
    public @Nullable Backend enter(int stripe) {
        return gate.enter(stripe);
    }

    /** Leaves the data path; any thread, with the stripe of {@link #enter}. */
    public void leave(int stripe) {
        gate.leave(stripe);
    }

    private void disableLocked() {
        Backend backend = hide();
        if (backend == null) {
            return;
        }
        while (!gate.drained(DRAIN_WARN_NANOS)) {
            LOG.warn(
                    "{}: still waiting for running operations before closing {}", this, devicePath);
        }
        close(backend);
    }

    /** Closes the gate and tells hosts; the medium to drain and close, or null if there is none. */
    private @Nullable Backend hide() {
        Backend backend = gate.backend();
        if (backend == null) {
            backend = draining;
            draining = null;
            return backend;
        }
        gate.close();
        subsystem.tellControllers(controller -> controller.namespaceChanged(nsid));
        return backend;
    }

    private void close(Backend backend) {
        try {
            subsystem.target().staging().disabled(this);
        } catch (RuntimeException e) {
            LOG.error("{}: its data is still staged", this, e);
        }
        try {
            backend.close();
            LOG.info("{} disabled", this);
        } catch (IOException | RuntimeException e) {
            LOG.error("{}: closing {} failed; late writes may be lost", this, devicePath, e);
        }
    }

    private void whileDisabled(Errno errno, String attribute, Runnable change) {
        configuration.lock();
        try {
            refuseRemoved();
            requireDisabled(errno, attribute);
            change.run();
        } finally {
            configuration.unlock();
        }
    }

    private void requireDisabled(Errno errno, String attribute) {
        if (enabled()) {
            throw new ConfigException(
                    errno, "%s is enabled: %s cannot change".formatted(this, attribute));
        }
    }

    private void refuseRemoved() {
        if (removed) {
            throw gone();
        }
    }

    private ConfigException gone() {
        return new ConfigException(Errno.ENOENT, this + " has been removed");
    }

    @Override
    public String toString() {
        return "namespace %s of %s".formatted(Integer.toUnsignedString(nsid), subsystem.nqn());
    }
}
