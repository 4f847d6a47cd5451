package org.jnvmet.p2pmem;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.PeerMemory;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.DataBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The medium of a namespace from before it is enabled until it is disabled, and what is known of it.
 * Guarded by the lock of {@link PeerStaging}, except where it says otherwise.
 */
final class Medium {
    private final Namespace namespace;
    private final Backend backend;
    private final Backend.@Nullable Device device;
    private final PeerMemory setting;
    private final Map<PciAddress, Verdict> verdicts = new HashMap<>();

    /** Whether hosts see it; until then a refusal takes it back. */
    boolean enabled;

    // Guarded by this object: reads of the self-check that the medium has not ended.
    private int reads;
    private final List<DataBuffer> lent = new ArrayList<>();

    Medium(Namespace namespace, Backend backend) {
        this.namespace = namespace;
        this.backend = backend;
        device = backend.device();
        setting = namespace.peerMemory();
    }

    Namespace namespace() {
        return namespace;
    }

    Backend backend() {
        return backend;
    }

    /** {@code p2pmem} when it was enabled; constant until it is disabled. */
    PeerMemory setting() {
        return setting;
    }

    /** As a client of peer memory. */
    Client client(PciTree tree) {
        String name = namespace.toString();
        Backend.Device known = device;
        if (known == null) {
            String path = namespace.devicePath();
            return Client.none(
                    name,
                    namespace.bufferedIo()
                            ? path + " is read and written through the page cache (buffered_io)"
                            : path + " is no file or block device");
        }
        Client client = tree.blockDevice(name, known.major(), known.minor());
        String why = client.whyNot();
        return why != null && known.file()
                ? Client.none(name, "%s lies on %s".formatted(namespace.devicePath(), why))
                : client;
    }

    /** What is known of it together with a provider; null: not tried. */
    @Nullable Verdict verdict(PciAddress provider) {
        return verdicts.get(provider);
    }

    void verdict(PciAddress provider, Verdict verdict) {
        verdicts.put(provider, verdict);
    }

    /** The provider came back, perhaps as another device. */
    void forget(PciAddress provider) {
        verdicts.remove(provider);
    }

    /** Begins to read. Any thread. */
    CheckOperation read(
            long offset, int bytes, MemorySegment data, long dataOffset, boolean peerMemory) {
        synchronized (this) {
            reads++;
        }
        CheckOperation operation =
                new CheckOperation(offset, bytes, data, dataOffset, peerMemory, this::onEnd);
        boolean submitted = false;
        try {
            backend.submit(operation);
            submitted = true;
        } finally {
            if (!submitted) {
                onEnd();
            }
        }
        return operation;
    }

    private void onEnd() {
        List<DataBuffer> returned = List.of();
        synchronized (this) {
            reads--;
            if (reads == 0) {
                returned = List.copyOf(lent);
                lent.clear();
                notifyAll();
            }
        }
        returned.forEach(DataBuffer::release);
    }

    /** Releases a buffer when no read that may use it is under way. Any thread. */
    void releaseWhenIdle(DataBuffer buffer) {
        synchronized (this) {
            if (reads > 0) {
                lent.add(buffer);
                return;
            }
        }
        buffer.release();
    }

    /** Waits until the medium has ended all reads of ours, however long that takes: it is about to be closed. */
    synchronized void awaitIdle() {
        boolean interrupted = false;
        while (reads > 0) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
