package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.ConnectParameters;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Structures of C, byte by byte, and what is found out about those that do not fit. */
@SuppressWarnings("restricted")
class StructuresTest {
    private final Arena arena = Arena.ofConfined();

    @TempDir private Path root;

    @AfterEach
    void free() {
        arena.close();
    }

    private static String hex(MemorySegment memory) {
        return HexFormat.of().formatHex(memory.toArray(JAVA_BYTE));
    }

    private MemorySegment bytes(String hex) {
        return arena.allocateFrom(JAVA_BYTE, HexFormat.of().parseHex(hex));
    }

    @Test
    void anAddressOfIpv4() throws IOException {
        InetSocketAddress address = new InetSocketAddress("192.0.2.17", 4420);
        MemorySegment structure = SocketAddresses.toNative(arena, address);
        assertThat(hex(structure)).isEqualTo("0200" + "1144" + "c0000211" + "0000000000000000");
        assertThat(SocketAddresses.fromNative(structure)).isEqualTo(address);
    }

    @Test
    void anAddressOfIpv6WithItsScope() throws IOException {
        byte[] bytes = HexFormat.of().parseHex("fe800000000000000c0c10fffefe6ef1");
        InetSocketAddress address =
                new InetSocketAddress(Inet6Address.getByAddress(null, bytes, 3), 65535);
        MemorySegment structure = SocketAddresses.toNative(arena, address);
        assertThat(hex(structure))
                .isEqualTo(
                        "0a00"
                                + "ffff"
                                + "00000000"
                                + "fe800000000000000c0c10fffefe6ef1"
                                + "03000000");
        InetSocketAddress back = Objects.requireNonNull(SocketAddresses.fromNative(structure));
        assertThat(back).isEqualTo(address);
        assertThat(((Inet6Address) back.getAddress()).getScopeId()).isEqualTo(3);
    }

    @Test
    void anAddressOfIpv4InIpv6IsTheFormer() {
        MemorySegment structure =
                bytes(
                        "0a00"
                                + "1144"
                                + "00000000"
                                + "00000000000000000000ffffc0000201"
                                + "00000000");
        InetSocketAddress address = Objects.requireNonNull(SocketAddresses.fromNative(structure));
        assertThat(address.getAddress()).isInstanceOf(Inet4Address.class);
        assertThat(address.getAddress().getHostAddress()).isEqualTo("192.0.2.1");
    }

    @Test
    void otherFamiliesAreNone() {
        assertThat(SocketAddresses.fromNative(bytes("00".repeat(28)))).isNull();
        assertThat(SocketAddresses.fromNative(bytes("1b00" + "00".repeat(26)))).isNull();
        InetSocketAddress unresolved = InetSocketAddress.createUnresolved("nowhere.invalid", 1);
        assertThatThrownBy(() -> SocketAddresses.toNative(arena, unresolved))
                .isInstanceOf(VerbsException.class)
                .hasMessageContaining("EAFNOSUPPORT");
    }

    @Test
    void parametersOfAConnection() {
        byte[] data = new byte[196];
        Arrays.fill(data, (byte) 0xa5);
        ConnectParameters parameters =
                new ConnectParameters()
                        .privateData(data)
                        .responderResources(255)
                        .initiatorDepth(128)
                        .flowControl(true)
                        .retries(7)
                        .receiverNotReadyRetries(6);
        MemorySegment structure =
                MemorySegment.ofAddress(Parameters.toNative(arena, parameters))
                        .reinterpret(Abi.SIZEOF_CONN_PARAM);
        assertThat(hex(structure.asSlice(8))).isEqualTo("c4ff80010706" + "0000" + "00".repeat(8));
        MemorySegment pointed =
                MemorySegment.ofAddress(structure.get(JAVA_LONG, 0)).reinterpret(data.length);
        assertThat(pointed.toArray(JAVA_BYTE)).isEqualTo(data);
        ConnectParameters back = Parameters.toJava(structure.address());
        assertThat(back.privateData()).isEqualTo(data);
        assertThat(back.responderResources()).isEqualTo(255);
        assertThat(back.initiatorDepth()).isEqualTo(128);
        assertThat(back.getRetry_count()).isEqualTo((byte) 7);
        assertThat(back.getRnr_retry_count()).isEqualTo((byte) 6);
    }

    @Test
    void whateverAPeerSendsIsTaken() {
        MemorySegment structure = arena.allocate(Abi.SIZEOF_CONN_PARAM, 8);
        structure.fill((byte) 0xff);
        structure.set(JAVA_LONG, 0, arena.allocate(255).address());
        ConnectParameters parameters = Parameters.toJava(structure.address());
        assertThat(parameters.privateData()).hasSize(196);
        assertThat(parameters.getRetry_count()).isEqualTo((byte) 7);
        structure.set(JAVA_LONG, 0, 0);
        assertThat(Parameters.toJava(structure.address()).privateData()).isEmpty();
    }

    @Test
    void eventsOfQueuePairsNameThem() {
        MemorySegment queuePair = arena.allocate(64, 8);
        queuePair.set(JAVA_INT, Abi.QP_QP_NUM, 0x123456);
        MemorySegment event = arena.allocate(Abi.SIZEOF_ASYNC_EVENT, 8);
        event.set(JAVA_LONG, 0, queuePair.address());
        event.set(JAVA_INT, 8, 3);
        assertThat(AsyncEvents.toJava(event.address()))
                .isEqualTo(new AsyncEvent(AsyncEvent.Type.QP_ACCESS_ERR, 0x123456));
        event.set(JAVA_LONG, 0, 1); // the number of a port
        event.set(JAVA_INT, 8, 10);
        assertThat(AsyncEvents.toJava(event.address()))
                .isEqualTo(new AsyncEvent(AsyncEvent.Type.PORT_ERR, 0));
        event.set(JAVA_INT, 8, 77);
        assertThat(AsyncEvents.toJava(event.address())).isNull();
    }

    /** A context whose device, descriptors and operations are as they should be. */
    private MemorySegment context() throws IOException {
        Files.createDirectories(root.resolve("sys/class/infiniband/rxe0"));
        Path descriptors = Files.createDirectories(root.resolve("proc/self/fd"));
        Files.createSymbolicLink(descriptors.resolve("31"), Path.of("/dev/infiniband/uverbs0"));
        Files.createSymbolicLink(
                descriptors.resolve("32"), Path.of("anon_inode:[infinibandevent]"));
        Files.writeString(
                root.resolve("proc/self/maps"),
                """
                7f0000000000-7f0000001000 r--p 00000000 fe:00 1 /usr/lib/libibverbs.so.1
                7f0000001000-7f0000003000 r-xp 00001000 fe:00 1 /usr/lib/libibverbs.so.1
                """);
        MemorySegment device = arena.allocate(256, 8);
        device.set(JAVA_INT, 20, 0);
        device.setString(24, "rxe0");
        MemorySegment context = arena.allocate(328, 8);
        context.set(JAVA_LONG, 0, device.address());
        for (int operation = 0; operation < 32; operation++) {
            context.set(JAVA_LONG, 8 + 8L * operation, 0x7f0000001000L + operation);
        }
        context.set(JAVA_INT, 264, 31);
        context.set(JAVA_INT, 268, 32);
        context.set(JAVA_INT, 272, 2);
        return context;
    }

    private SelfCheck check() {
        return new SelfCheck(new Machine(root, Librdmacm.FILE, Libibverbs.FILE));
    }

    @Test
    void aContextAsItShouldBe() throws IOException {
        check().context(context().address());
    }

    @Test
    void namesTheFieldThatDoesNotFit() throws IOException {
        MemorySegment context = context();
        context.set(JAVA_INT, 264, 32);
        expectWrong(context, "ibv_context.cmd_fd is descriptor 32, anon_inode:[infinibandevent]");
        context.set(JAVA_INT, 264, 31);
        context.set(JAVA_INT, 268, 33);
        expectWrong(context, "ibv_context.async_fd is descriptor 33, nothing");
        context.set(JAVA_INT, 268, 32);
        context.set(JAVA_INT, 272, 0);
        expectWrong(context, "ibv_context.num_comp_vectors is 0");
        context.set(JAVA_INT, 272, 1);
        context.set(JAVA_LONG, 8 + 200, 0x7f0000000ff8L);
        expectWrong(
                context, "ibv_context_ops.post_send points to 0x7f0000000ff8, which is no code");
        context.set(JAVA_LONG, 8 + 200, 0x7f0000002ff8L);
        MemorySegment.ofAddress(context.get(JAVA_LONG, 0)).reinterpret(64).setString(24, "xe0");
        expectWrong(context, "ibv_device.name is \"xe0\" with devices [rxe0]");
    }

    private void expectWrong(MemorySegment context, String field) {
        assertThatThrownBy(() -> check().context(context.address()))
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage(
                        "the RDMA libraries of this machine have another layout than rdma-core's: %s",
                        field);
    }

    @Test
    void aRegionIsWhatWasAskedFor() {
        MemorySegment region = arena.allocate(48, 8);
        MemorySegment domain = arena.allocate(16, 8);
        domain.set(JAVA_LONG, 0, 77);
        region.set(JAVA_LONG, 0, 77);
        region.set(JAVA_LONG, 8, domain.address());
        region.set(JAVA_LONG, 16, 0x1000);
        region.set(JAVA_LONG, 24, 4096);
        assertThatThrownBy(() -> check().region(region.address(), domain.address(), 0x1000, 8192))
                .hasMessageEndingWith("ibv_mr.length is 0x1000, expected 0x2000");
        assertThatThrownBy(() -> check().region(region.address(), domain.address(), 0x2000, 4096))
                .hasMessageEndingWith("ibv_mr.addr is 0x1000, expected 0x2000");
    }

    @Test
    void aPointerIsGoodUntilItIsTaken() {
        Pointer pointer = new Pointer("ibv_cq", 4096);
        assertThat(pointer.get()).isEqualTo(4096);
        assertThat(pointer.take()).isEqualTo(4096);
        assertThatThrownBy(pointer::get).hasMessage("ibv_cq is destroyed");
        assertThatThrownBy(pointer::take).hasMessage("ibv_cq is destroyed");
    }

    @Test
    void everyAddressOfThisMachineComesBack() throws IOException {
        for (String each : new String[] {"127.0.0.1", "::1", "0.0.0.0", "::"}) {
            InetSocketAddress address = new InetSocketAddress(InetAddress.getByName(each), 1);
            assertThat(SocketAddresses.fromNative(SocketAddresses.toNative(arena, address)))
                    .isEqualTo(address);
        }
    }
}
