package org.jnvmet.target;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;

/** A fabric without a wire: notes who listens, refuses an address that is taken. */
final class RecordingTransport implements Transport {
    static final Limits LIMITS = new Limits(3, 1 << 20, 16384, 65536, 1024, 1024, 0, 1);

    /** As NVMe/RDMA has them. */
    private static final Limits RDMA_LIMITS =
            new Limits(1, 1 << 20, 4096, 16384, 128, 256, 0x100005, 16);

    private final String name;
    private final List<String> taken = new ArrayList<>();
    final List<String> log = new CopyOnWriteArrayList<>();

    /** Runs inside {@link #listen}. */
    Runnable duringListen = () -> {};

    /** Runs when a listener begins to close. */
    Runnable duringUnlisten = () -> {};

    RecordingTransport(String name) {
        this.name = name;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Limits limits() {
        return name.equals("rdma") ? RDMA_LIMITS : LIMITS;
    }

    @Override
    public synchronized Listener listen(Target target, Port port) {
        duringListen.run();
        String address = port.address().traddr() + ":" + port.address().trsvcid();
        if (taken.contains(address)) {
            throw new ConfigException(Errno.EADDRINUSE, address + " is in use");
        }
        taken.add(address);
        log.add("listen " + address);
        return () -> {
            duringUnlisten.run();
            synchronized (this) {
                taken.remove(address);
            }
            log.add("unlisten " + address);
        };
    }

    @Override
    public void close() {
        log.add("close");
    }
}
