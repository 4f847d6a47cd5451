package org.jnvmet.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.util.Random;
import org.jnvmet.p2pmem.pci.Client;
import org.jnvmet.p2pmem.pci.PciFunction;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pci.Selection;
import org.jnvmet.p2pmem.pool.Mapping;
import org.jnvmet.p2pmem.pool.SysfsProvider;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.Libc;

/**
 * Runs in a guest: asks the kernel, by O_DIRECT from and to peer memory, which provider serves which disk,
 * and prints that beside what the topology says. Arguments are names of block devices, whose data it
 * overwrites. A line for each pair: {@code 0000:03:00.0 nvme1n1 BUS_ADDR ok}; the last word is {@code ok},
 * {@code differs} or an errno.
 */
final class PeerPairs {
    private static final int BYTES = 64 << 10;
    private static final long OFFSET = 1 << 20;

    private final PciTree tree = PciTree.read(PciTree.SYSFS);
    private final Random random = new Random(20261121);

    private PeerPairs() {}

    public static void main(String[] disks) throws IOException {
        PeerPairs pairs = new PeerPairs();
        for (PciFunction provider : pairs.tree.functions()) {
            if (provider.isProvider()) {
                for (String disk : disks) {
                    System.out.printf(
                            "%s %s %s %s%n",
                            provider.address(),
                            disk,
                            pairs.verdict(provider, disk),
                            pairs.kernelVerdict(provider, disk));
                }
            }
        }
    }

    private String verdict(PciFunction provider, String disk) throws IOException {
        String[] number =
                Files.readString(PciTree.SYSFS.resolve("class/block/" + disk + "/dev"))
                        .strip()
                        .split(":", -1);
        Client client =
                tree.blockDevice(disk, Integer.parseInt(number[0]), Integer.parseInt(number[1]));
        return client.function() == null
                ? "NO_CLIENT"
                : Selection.path(tree, provider, client).type().toString();
    }

    private String kernelVerdict(PciFunction provider, String disk) {
        int fd = Libc.open("/dev/" + disk, Libc.O_RDWR | Libc.O_DIRECT);
        if (fd < 0) {
            throw new IllegalStateException("/dev/" + disk + ": " + Errno.of(-fd));
        }
        try (Mapping mapping = new SysfsProvider(PciTree.SYSFS, provider.address()).map(BYTES);
                Arena arena = Arena.ofConfined()) {
            MemorySegment peer = Libc.segment(mapping.address(), BYTES, arena);
            MemorySegment system = arena.allocate(BYTES, Libc.pageBytes());
            return tryOut(fd, peer, system);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            Libc.close(fd);
        }
    }

    private String tryOut(int fd, MemorySegment peer, MemorySegment system) {
        byte[] written = new byte[BYTES];
        random.nextBytes(written);
        copy(written, peer);
        long moved = Libc.pwrite(fd, peer.address(), BYTES, OFFSET);
        if (moved < 0) {
            return Errno.of((int) -moved).toString();
        }
        expectAll("pwrite from peer memory", moved);
        system.fill((byte) 0);
        expectAll("pread", Libc.pread(fd, system.address(), BYTES, OFFSET));
        boolean same = isIn(written, system);

        random.nextBytes(written);
        copy(written, system);
        expectAll("pwrite", Libc.pwrite(fd, system.address(), BYTES, OFFSET));
        peer.fill((byte) 0);
        moved = Libc.pread(fd, peer.address(), BYTES, OFFSET);
        if (moved < 0) {
            return Errno.of((int) -moved).toString();
        }
        expectAll("pread to peer memory", moved);
        return same && isIn(written, peer) ? "ok" : "differs";
    }

    private static void copy(byte[] from, MemorySegment to) {
        MemorySegment.copy(from, 0, to, ValueLayout.JAVA_BYTE, 0, BYTES);
    }

    private static boolean isIn(byte[] expected, MemorySegment memory) {
        return MemorySegment.ofArray(expected).mismatch(memory) == -1;
    }

    private static void expectAll(String what, long moved) {
        if (moved != BYTES) {
            throw new IllegalStateException(what + ": " + moved + " of " + BYTES);
        }
    }
}
