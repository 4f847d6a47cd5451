package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A process without free file descriptors goes on serving, and accepts again when it has some. */
class DescriptorShortageTest {
    private static final int RLIMIT_NOFILE = 7;

    @Test
    void acceptsAgainAfterAShortageOfDescriptors() throws Throwable {
        try (TcpFixture target = new TcpFixture(TcpFixture.SETTINGS);
                RawHost admin = target.admin();
                RawHost io = target.io(admin, 1, 32);
                Socket last = new Socket();
                Socket unlucky = new Socket()) {
            // Everything that the test itself does below has its classes and descriptors by now.
            last.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            unlucky.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0));
            assertThat(io.read(1, 0, 1)).hasSize(Pdus.BLOCK);
            assertThat(warnings(target)).isEmpty();
            long usual = softLimit(lowestFreeDescriptor());
            try {
                last.connect(target.address()); // may find the descriptor that listing them took
                unlucky.connect(target.address());
                while (warnings(target).isEmpty()) {
                    Thread.onSpinWait();
                }
                assertThat(io.read(2, 0, 1)).hasSize(Pdus.BLOCK);
            } finally {
                softLimit(usual);
            }
            try (RawHost lucky = target.io(admin, 2, 32)) {
                assertThat(lucky.read(1, 0, 1)).hasSize(Pdus.BLOCK);
            }
            assertThat(warnings(target)).hasSize(1);
        }
    }

    private static List<String> warnings(TcpFixture target) {
        return target.logged(Level.WARN).stream()
                .filter(line -> line.contains("cannot accept"))
                .toList();
    }

    private static long lowestFreeDescriptor() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            Set<String> names =
                    open.map(path -> path.getFileName().toString()).collect(Collectors.toSet());
            long number = 0;
            while (names.contains(Long.toString(number))) {
                number++;
            }
            return number;
        }
    }

    /** Sets the soft limit of descriptors and returns the one before. */
    @SuppressWarnings("restricted")
    private static long softLimit(long limit) throws Throwable {
        Linker linker = Linker.nativeLinker();
        FunctionDescriptor type =
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
        MethodHandle get =
                linker.downcallHandle(linker.defaultLookup().findOrThrow("getrlimit"), type);
        MethodHandle set =
                linker.downcallHandle(linker.defaultLookup().findOrThrow("setrlimit"), type);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(ValueLayout.JAVA_LONG, 2);
            assertThat((int) get.invokeExact(RLIMIT_NOFILE, pair)).isZero();
            long before = pair.get(ValueLayout.JAVA_LONG, 0);
            pair.set(ValueLayout.JAVA_LONG, 0, limit);
            assertThat((int) set.invokeExact(RLIMIT_NOFILE, pair)).isZero();
            return before;
        }
    }
}
