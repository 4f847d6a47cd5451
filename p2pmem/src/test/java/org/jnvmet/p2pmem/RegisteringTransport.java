package org.jnvmet.p2pmem;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiFunction;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.spi.DeviceMemory;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;

/** Says that it is RDMA and takes memory as devices do, or not; data comes through sockets. Any thread. */
final class RegisteringTransport implements Transport {
    /** What devices say: null for yes. */
    volatile BiFunction<String, DeviceMemory, @Nullable ConfigException> devices = (_, _) -> null;

    /** Runs before memory is let go of. */
    volatile Runnable beforeUnreach = () -> {};

    private final Transport sockets;
    private final List<DeviceMemory> reached = new ArrayList<>();
    private final List<String> addresses = new ArrayList<>();
    private final AtomicReference<@Nullable AssertionError> wrong = new AtomicReference<>();
    private int registrations;

    RegisteringTransport(Transport sockets) {
        this.sockets = sockets;
    }

    @Override
    public String name() {
        return "rdma";
    }

    @Override
    public Limits limits() {
        return sockets.limits();
    }

    @Override
    public Listener listen(Target target, Port port) {
        return sockets.listen(target, port);
    }

    @Override
    public synchronized void reach(String localAddress, DeviceMemory memory) {
        ConfigException refusal = devices.apply(localAddress, memory);
        if (refusal != null) {
            throw refusal;
        }
        addresses.add(localAddress);
        if (!reached.contains(memory)) {
            reached.add(memory);
            registrations++;
        }
    }

    @Override
    public synchronized void unreach(DeviceMemory memory) {
        try {
            beforeUnreach.run();
            assertThat(reached.remove(memory)).as("it was reached").isTrue();
            assertThat(isMapped(memory)).as("it is mapped still").isTrue();
        } catch (AssertionError e) {
            wrong.compareAndSet(null, e);
        }
    }

    private static boolean isMapped(DeviceMemory memory) {
        String start = Long.toHexString(memory.address()) + "-";
        try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.anyMatch(line -> line.startsWith(start));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What devices have registered now. */
    synchronized List<DeviceMemory> reached() {
        return List.copyOf(reached);
    }

    /** Local addresses of all calls. */
    synchronized List<String> addresses() {
        return List.copyOf(addresses);
    }

    /** How often memory was registered that was not. */
    synchronized int registrations() {
        return registrations;
    }

    /** Fails when something was wrong on another thread. */
    void verify() {
        AssertionError seen = wrong.get();
        if (seen != null) {
            throw seen;
        }
    }

    @Override
    public void close() {}
}
