package org.jnvmet.wire.tcp;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.MemorySegment;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import org.jnvmet.wire.Golden;
import org.jnvmet.wire.Le;
import org.junit.jupiter.api.Test;

/** Golden digests, and that computing them allocates nothing. */
class DigestTest {
    private static final byte[] CHECK = "123456789".getBytes(US_ASCII);

    private final Digest digest = new Digest();

    @Test
    void computesTheCheckValueOfCrc32c() {
        MemorySegment memory = Golden.memory(CHECK);
        assertThat(digest.of(memory, 0, 9)).isEqualTo(0xe3069283);
        assertThat(digest.of(Digest.view(memory), 0, 9)).isEqualTo(0xe3069283);
    }

    @Test
    void computesTheVectorsOfIscsi() {
        // RFC 3720, B.4: 32 bytes of zeroes, of ones, ascending.
        MemorySegment memory = Golden.memory(new byte[32]);
        assertThat(digest.of(memory, 0, 32)).isEqualTo(0x8a9136aa);
        memory.fill((byte) 0xff);
        assertThat(digest.of(memory, 0, 32)).isEqualTo(0x62a8ab43);
        for (int i = 0; i < 32; i++) {
            memory.set(Le.U8, i, (byte) i);
        }
        assertThat(digest.of(memory, 0, 32)).isEqualTo(0x46dd794e);
    }

    @Test
    void storesDigestsLittleEndian() {
        MemorySegment memory = Golden.memory(new byte[6]);
        Digest.write(memory, 1, 0xe3069283);
        assertThat(Golden.hex(memory, 6)).isEqualTo("00839206e300");
        assertThat(Digest.read(memory, 1)).isEqualTo(0xe3069283);
    }

    @Test
    void addsUpPiecesAtAnyOffset() {
        MemorySegment memory = Golden.memory(Golden.hex("ff 31323334 ee 3536373839 dd"));
        ByteBuffer view = Digest.view(memory);
        assertThat(
                        digest.reset()
                                .update(view, 6, 5)
                                .reset()
                                .update(view, 1, 4)
                                .update(view, 6, 5)
                                .value())
                .isEqualTo(0xe3069283);
        assertThat(digest.of(view, 1, 0)).isZero();
    }

    @Test
    void allocatesNothingOnceTheViewIsMade() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        ByteBuffer view = Digest.view(Golden.memory(new byte[8192]));
        int rounds = 50_000;
        int sum = 0;
        long allocated = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 5; attempt++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < rounds; i++) {
                sum += digest.of(view, i & 63, 64);
            }
            allocated = Math.min(allocated, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertThat(sum).isNotZero();
        assertThat(allocated).as("bytes for %d digests", rounds).isLessThan(rounds);
    }
}
