package org.jnvmet.app;

import ch.qos.logback.classic.Level;
import java.io.PrintWriter;
import java.net.Inet4Address;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.Callable;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.DefaultConfig;
import org.jnvmet.conf.Transaction;
import org.jnvmet.host.CommandResult;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Discovery;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostException;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.tcp.TcpHostTransport;
import org.jnvmet.host.tcp.TcpOptions;
import org.jnvmet.target.Port;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code jnvmet demo}: a target, and a host that proves it over TCP. */
@Command(
        name = "demo",
        description =
                "Starts a target with a memory disk and proves it with the built-in host: connect, identify, write,"
                        + " read back, compare.",
        mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
    private static final String ADDRESS = "127.0.0.1";
    private static final String DEFAULT_SERVICE = "\"4420\"";
    private static final String ANY_SERVICE = "\"0\"";
    private static final int BYTES = 8 << 20;
    private static final int BYTES_PER_COMMAND = 128 << 10;
    private static final long SEED = 20_260_101;

    @Mixin private Verbosity verbosity = new Verbosity(Level.WARN);
    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        verbosity.apply();
        try (Assembly assembly = new Assembly(1)) {
            configure(assembly);
            Port port = assembly.target().ports().iterator().next();
            String nqn = port.subsystems().getFirst().nqn();
            InetSocketAddress address =
                    new InetSocketAddress(
                            Inet4Address.ofLiteral(ADDRESS), assembly.boundTcpPort(port));
            say("target    %s on %s:%d".formatted(nqn, ADDRESS, address.getPort()));
            discover(address, nqn);
            say("-- without digests");
            prove(new TcpHostTransport(address, TcpOptions.DEFAULTS), nqn, SEED);
            say("-- with header and data digests");
            prove(
                    new TcpHostTransport(address, TcpOptions.DEFAULTS.withDigests(true, true)),
                    nqn,
                    SEED + 1);
        } catch (HostException failure) {
            throw new CommandFailure("the host says: " + failure.getMessage());
        }
        say("All as it should be. For a Linux host: jnvmet serve");
        return 0;
    }

    /** The embedded configuration, on another TCP port where its own is taken. */
    private static void configure(Assembly assembly) {
        Transaction transaction = assembly.transaction();
        try {
            transaction.restore(DefaultConfig.json(), assembly.tree());
        } catch (ConfigFileException taken) {
            transaction.restore(
                    DefaultConfig.json().replace(DEFAULT_SERVICE, ANY_SERVICE), assembly.tree());
        }
    }

    private void discover(InetSocketAddress address, String nqn) {
        Discovery.Log log =
                Discovery.read(
                        new TcpHostTransport(address, TcpOptions.DEFAULTS),
                        ConnectOptions.toDiscovery());
        require(
                log.entries().stream().anyMatch(entry -> entry.subsystemNqn().equals(nqn)),
                "discovery does not show " + nqn);
        say("discover  %d entries, one is it".formatted(log.entries().size()));
    }

    private void prove(TcpHostTransport transport, String nqn, long seed) {
        try (HostController controller =
                HostController.connect(transport, ConnectOptions.to(nqn))) {
            say(
                    "connect   controller %d, %d I/O queue"
                            .formatted(controller.id(), controller.ioQueues().size()));
            HostNamespace namespace = controller.namespace(controller.activeNamespaces(0)[0]);
            say(
                    "identify  namespace %d: %d blocks of %d bytes"
                            .formatted(namespace.id(), namespace.blocks(), namespace.blockBytes()));
            byte[] data = new byte[BYTES];
            new Random(seed).nextBytes(data);
            transfer(namespace, data);
            compare(namespace, data);
        }
    }

    private void transfer(HostNamespace namespace, byte[] data) {
        int blocks = BYTES_PER_COMMAND / namespace.blockBytes();
        for (int offset = 0; offset < data.length; offset += BYTES_PER_COMMAND) {
            byte[] piece = Arrays.copyOfRange(data, offset, offset + BYTES_PER_COMMAND);
            namespace.write(offset / namespace.blockBytes(), piece).orThrow();
        }
        namespace.flush().orThrow();
        say(
                "write     %d MiB in %d commands, and a flush"
                        .formatted(data.length >> 20, data.length / BYTES_PER_COMMAND));
        for (int offset = 0; offset < data.length; offset += BYTES_PER_COMMAND) {
            byte[] piece =
                    namespace.read(offset / namespace.blockBytes(), blocks).orThrow().bytes();
            int difference =
                    Arrays.mismatch(
                            piece, Arrays.copyOfRange(data, offset, offset + BYTES_PER_COMMAND));
            require(difference < 0, "byte " + (offset + difference) + " is not what was written");
        }
        say("read      the same %d MiB".formatted(data.length >> 20));
    }

    private void compare(HostNamespace namespace, byte[] data) {
        byte[] block = Arrays.copyOf(data, namespace.blockBytes());
        namespace.compare(0, block).orThrow();
        block[block.length - 1]++;
        CommandResult different = namespace.compare(0, block);
        require(
                different.is(Status.COMPARE_FAILURE),
                "Compare of different data gives " + different.status());
        say("compare   equal data is equal, different data is not");
    }

    private static void require(boolean condition, String otherwise) {
        if (!condition) {
            throw new CommandFailure(otherwise);
        }
    }

    private void say(String line) {
        if (spec != null) {
            PrintWriter out = spec.commandLine().getOut();
            out.println(line);
            out.flush();
        }
    }
}
