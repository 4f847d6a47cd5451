package org.jnvmet.verbs.software;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.verbs.software.QueueTest.assertErrno;

import com.ibm.disni.verbs.IbvSendWR;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jnvmet.verbs.MemoryRegion;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Memory that has a descriptor, as that of a device has. */
@SuppressWarnings("restricted")
class DmaBufTest {
    private static final int BYTES = 1 << 16;
    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle MEMFD_CREATE =
            LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow("memfd_create"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle CLOSE =
            LINKER.downcallHandle(
                    LINKER.defaultLookup().findOrThrow("close"),
                    FunctionDescriptor.of(JAVA_INT, JAVA_INT));

    private final SoftwareFabric fabric = Pair.fabric();
    private final Arena arena = Arena.ofShared();
    private Pair pair;
    private End target;
    private int descriptor;
    private MemorySegment bar;

    @BeforeEach
    void connect() throws Throwable {
        pair = new Pair(fabric);
        target = pair.target;
        descriptor = (int) MEMFD_CREATE.invokeExact(arena.allocateFrom("bar"), 1);
        assertThat(descriptor).isPositive();
        try (FileChannel channel =
                FileChannel.open(
                        Path.of("/proc/self/fd/" + descriptor),
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE)) {
            bar = channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, arena);
        }
    }

    @AfterEach
    void nothingIsLeft() throws Throwable {
        pair.close();
        fabric.close();
        arena.close();
        assertThat((int) CLOSE.invokeExact(descriptor)).isZero();
    }

    @Test
    void isReadAndWrittenLikeAnyMemory() throws IOException {
        long offset = 8192;
        MemoryRegion region = register(offset, BYTES - offset, bar.address() + offset);
        bar.fill((byte) 3);
        target.send.clear();
        int at = target.send.add(1, IbvSendWR.IBV_WR_RDMA_WRITE, End.SIGNALED);
        target.send.segment(at, bar.address() + offset, 4096, region.getLkey());
        target.send.remote(at, pair.host.memory.address(), pair.host.region.getRkey());
        target.send.on(target.queuePair).execute();
        assertThat(target.completion().getStatus()).isZero();
        assertThat(pair.host.memory.get(JAVA_BYTE, 4095)).isEqualTo((byte) 3);

        target.send.clear();
        int before = target.send.add(1, IbvSendWR.IBV_WR_RDMA_WRITE, End.SIGNALED);
        target.send.segment(before, bar.address() + offset - 1, 2, region.getLkey());
        target.send.remote(before, pair.host.memory.address(), pair.host.region.getRkey());
        target.send.on(target.queuePair).execute();
        assertThat(target.completion().getStatus()).isEqualTo(Carrier.LOCAL_PROTECTION);
        target.verbs.deregister(region);
    }

    @Test
    void liesWithinItsDescriptor() {
        long address = bar.address();
        assertErrno(Errno.EINVAL, () -> register(0, BYTES + 1, address));
        assertErrno(Errno.EINVAL, () -> register(4096, BYTES, address + 4096));
        assertErrno(Errno.EINVAL, () -> register(-4096, BYTES, address));
        assertErrno(Errno.EINVAL, () -> register(Long.MAX_VALUE, 4096, address));
        assertErrno(Errno.EINVAL, () -> register(0, 0, address));
    }

    @Test
    void isMappedWhereItIsSaidToBe() {
        assertErrno(Errno.EFAULT, () -> register(4096, 4096, bar.address()));
        assertErrno(Errno.EFAULT, () -> register(0, 4096, target.memory.address()));
        assertErrno(Errno.EFAULT, () -> register(0, 4096, 4096));
    }

    @Test
    void descriptorIsOpen() {
        assertErrno(
                Errno.EBADF,
                () ->
                        target.verbs.registerDmaBuf(
                                target.domain, 1 << 20, 0, 4096, bar.address(), End.ALL_ACCESS));
    }

    private MemoryRegion register(long offset, long bytes, long address) throws IOException {
        return target.verbs.registerDmaBuf(
                target.domain, descriptor, offset, bytes, address, End.ALL_ACCESS);
    }
}
