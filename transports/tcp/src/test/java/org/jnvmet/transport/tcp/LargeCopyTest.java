package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.host.IoCommands;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import org.jnvmet.target.Target;
import org.jnvmet.target.backend.Backends;
import org.jnvmet.target.backend.IoWorkers;
import org.jnvmet.testkit.Need;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A GiB is copied between files on a disk, and the network carries the commands and nothing else. */
@Timeout(120)
class LargeCopyTest {
    private static final String SUBSYSTEM = "nqn.2025-01.org.jnvmet:large-copies";
    private static final long GIB = 1L << 30;
    private static final int PIECE = 1 << 20;
    private static final int PAGE = 4096;

    /** What a few commands, their lists and a keep alive need; a single page would be more. */
    private static final long COMMANDS_BYTES = 2048;

    private final TcpTransport transport = new TcpTransport(TcpSettings.DEFAULTS.withLoops(1));
    private final IoWorkers workers = new IoWorkers(4);
    private final Target target = new Target(List.of(transport), List.of(new Backends(workers)));
    private final Host host = new Host(List.of(new org.jnvmet.host.tcp.TcpTransport()), 2);

    @TempDir(factory = OnDisk.class)
    private Path folder;

    @SuppressWarnings("NullAway.Init") // before each test
    private CuttableRelay relay;

    /** Beside the classes: what lies in the system's folder for temporary files may lie in memory. */
    static final class OnDisk implements org.junit.jupiter.api.io.TempDirFactory {
        @Override
        public Path createTempDirectory(
                org.junit.jupiter.api.extension.AnnotatedElementContext element,
                org.junit.jupiter.api.extension.ExtensionContext context)
                throws IOException {
            return Files.createTempDirectory(Files.createDirectories(Path.of("target")), "copy");
        }
    }

    @BeforeEach
    void start() throws IOException {
        long free = Files.getFileStore(folder).getUsableSpace();
        Need.that(free > 4 * GIB, "4 GiB of free space beside the classes");
        Subsystem subsystem = target.createSubsystem(SUBSYSTEM);
        subsystem.allowAnyHost(true);
        fill(add(subsystem, 1, 2 * GIB));
        add(subsystem, 2, GIB);
        Port port = target.createPort(1);
        port.address(new Port.Address("tcp", "ipv4", "127.0.0.1", "0", "not specified", "none"));
        port.link(subsystem);
        InetSocketAddress bound = Objects.requireNonNull(transport.boundAddress(port));
        relay =
                new CuttableRelay(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), bound.getPort()));
    }

    @AfterEach
    void stop() {
        host.close();
        if (relay != null) {
            relay.close();
        }
        target.close();
        workers.close();
    }

    private Path file(int nsid) {
        return folder.resolve(nsid + ".img");
    }

    private Path add(Subsystem subsystem, int nsid, long bytes) throws IOException {
        try (RandomAccessFile file = new RandomAccessFile(file(nsid).toFile(), "rw")) {
            file.setLength(bytes);
        }
        Namespace namespace = subsystem.createNamespace(nsid);
        namespace.devicePath(file(nsid).toAbsolutePath().toString());
        namespace.enable();
        return file(nsid);
    }

    /** A page that is like no other. */
    private static void stamp(ByteBuffer piece, long offset) {
        for (int page = 0; page < PIECE; page += PAGE) {
            long value = (offset + page) * 0x9e3779b97f4a7c15L | 1;
            for (int at = page; at < page + PAGE; at += Long.BYTES) {
                piece.putLong(at, value + at);
            }
        }
        piece.rewind();
    }

    private static void fill(Path file) throws IOException {
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            for (long at = 0; at < GIB; at += PIECE) {
                stamp(piece, at);
                assertThat(channel.write(piece, at)).isEqualTo(PIECE);
            }
        }
    }

    private static void verify(Path file, long offset) throws IOException {
        ByteBuffer expected = ByteBuffer.allocateDirect(PIECE);
        ByteBuffer piece = ByteBuffer.allocateDirect(PIECE);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            for (long at = 0; at < GIB; at += PIECE) {
                stamp(expected, at);
                piece.clear();
                assertThat(channel.read(piece, offset + at)).isEqualTo(PIECE);
                assertThat(piece.flip().mismatch(expected)).as("MiB at %d", at).isEqualTo(-1);
            }
        }
    }

    @Test
    void copiesAGibibyteWithoutTheNetwork() throws IOException {
        ConnectOptions options =
                ConnectOptions.to(SUBSYSTEM)
                        .address("127.0.0.1")
                        .service(Integer.toString(relay.port()));
        try (HostController controller = host.connect(options)) {
            HostNamespace first = controller.namespace(1);
            HostNamespace second = controller.namespace(2);
            long blocks = GIB / first.blockBytes();
            List<IoCommands.Source> all = List.of(new IoCommands.Source(1, 0, blocks));
            long before = relay.bytes();

            first.copy(blocks, all).orThrow();
            second.copy(0, all).orThrow();

            assertThat(relay.bytes() - before).isBetween(4L * 64, COMMANDS_BYTES);
            first.flush().orThrow();
            second.flush().orThrow();
        }
        verify(file(1), 0);
        verify(file(1), GIB);
        verify(file(2), 0);
    }
}
