package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Descriptors as hosts send them, byte for byte. */
class DataDescriptorsTest {
    private static final int LIMIT = 4096;

    private final DataDescriptors descriptors = new DataDescriptors();

    /** What a Linux host sent with an Identify: address, 24 bits of length, 32 of key, 40h. */
    @Test
    void readsAKeyedBlock() {
        assertThat(read("00c0a81f01000000 001000 7856f0de 40", new byte[0])).isNull();

        assertThat(descriptors.count()).isEqualTo(1);
        assertThat(descriptors.address(0)).isEqualTo(0x11fa8c000L);
        assertThat(descriptors.length(0)).isEqualTo(0x1000);
        assertThat(descriptors.key(0)).isEqualTo(0xdef05678);
        assertThat(descriptors.bytes()).isEqualTo(4096);
        assertThat(descriptors.invalidates()).isFalse();
        assertThat(descriptors.isInCapsule()).isFalse();
    }

    @Test
    void noticesThatAKeyIsToBeInvalidated() {
        assertThat(read("0000000000000000 ffffff 04030201 4f", new byte[0])).isNull();

        assertThat(descriptors.invalidates()).isTrue();
        assertThat(descriptors.invalidatedKey()).isEqualTo(0x01020304);
        assertThat(descriptors.bytes()).isEqualTo(0xff_ffff);
    }

    @Test
    void readsInCapsuleData() {
        assertThat(read("0000000000000000 00100000 000000 01", new byte[4096])).isNull();

        assertThat(descriptors.isInCapsule()).isTrue();
        assertThat(descriptors.capsuleOffset()).isZero();
        assertThat(descriptors.bytes()).isEqualTo(4096);
        assertThat(descriptors.count()).isZero();
    }

    @Test
    void readsSeveralBlocksFromTheCapsule() {
        Bytes capsule = new Bytes(64);
        Commands.descriptor(capsule, 16, 0x1000, 512, 7, Sgl.KEYED);
        Commands.descriptor(capsule, 32, 0x5000, 0, 8, Sgl.KEYED);
        Commands.descriptor(capsule, 48, 0x9000, 1024, 9, Sgl.KEYED_INVALIDATE);

        assertThat(read("1000000000000000 30000000 000000 31", capsule.array())).isNull();

        assertThat(descriptors.count()).as("the empty one is left out").isEqualTo(2);
        assertThat(descriptors.address(1)).isEqualTo(0x9000);
        assertThat(descriptors.length(1)).isEqualTo(1024);
        assertThat(descriptors.bytes()).isEqualTo(1536);
        assertThat(descriptors.invalidatedKey()).isEqualTo(9);
    }

    @Test
    void takesAnyDescriptorOfNoData() {
        for (String type : new String[] {"00", "01", "40", "5a", "90"}) {
            assertThat(read("0000000000000000 00000000 000000" + type, new byte[0])).isNull();
            assertThat(descriptors.bytes()).isZero();
        }
    }

    @Test
    void saysWhatIsWrong() {
        byte[] page = new byte[4096];
        refuses("0000000000000000 00100000 000000 00", page, Status.INVALID_FIELD, 39);
        refuses("0000000000000000 00100000 000000 5a", page, SGL_TYPE, 39);
        refuses("0000000000000000 00100000 000000 20", page, SGL_TYPE, 39);
        refuses("0000000000000000 00100000 000000 41", page, Status.INVALID_FIELD, 39);
        refuses("0000000000000000 01100000 000000 01", page, Status.SGL_OFFSET_INVALID, 24);
        refuses("0100000000000000 00100000 000000 01", page, Status.SGL_OFFSET_INVALID, 24);
        refuses("ffffffffffffffff 01000000 000000 01", page, Status.SGL_OFFSET_INVALID, 24);
        refuses("ffffffffffffff7f ffffffff 000000 01", page, Status.SGL_OFFSET_INVALID, 24);
        // The limit would allow it, but that much has not come: it would be somebody's old data.
        refuses(
                "0000000000000000 00100000 000000 01",
                new byte[4095],
                Status.SGL_DATA_LENGTH_INVALID,
                32);
    }

    @Test
    void saysWhatIsWrongWithASegment() {
        byte[] page = new byte[4096];
        refuses("0000000000000000 00000000 000000 31", page, SEGMENT, 32);
        refuses("0000000000000000 11000000 000000 31", page, SEGMENT, 32);
        refuses("0000000000000000 10000000 000000 30", page, Status.INVALID_FIELD, 39);
        refuses(
                "0000000000000000 10010000 000000 31",
                page,
                Status.INVALID_SGL_DESCRIPTOR_COUNT,
                32);
        refuses("f10f000000000000 10000000 000000 31", page, Status.SGL_OFFSET_INVALID, 24);
        refuses("0000000000000000 20000000 000000 31", new byte[31], Status.SGL_OFFSET_INVALID, 24);
        refuses("0000000000000000 10000000 000000 31", page, SGL_TYPE, 39);
        Bytes nested = Commands.descriptor(new Bytes(16), 0, 0, 16, 0, Sgl.LAST_SEGMENT_OFFSET);
        refuses("0000000000000000 10000000 000000 31", nested.array(), SGL_TYPE, 39);
    }

    /** Whatever a host sends, what is read stays within bounds. */
    @Test
    void survivesAnything() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        byte[] entry = new byte[64];
        for (int i = 0; i < 100_000; i++) {
            random.nextBytes(entry);
            byte[] capsule = new byte[random.nextInt(512)];
            random.nextBytes(capsule);
            if (random.nextBoolean()) {
                int[] types = {0x01, 0x31, 0x40, 0x4f};
                entry[39] = (byte) types[random.nextInt(types.length)];
                Arrays.fill(entry, 25, 32, (byte) 0);
                Arrays.fill(entry, 33, 36, (byte) 0);
            }
            Status status = read(entry, capsule);
            if (status == null && descriptors.isInCapsule()) {
                assertThat(descriptors.capsuleOffset() + descriptors.bytes())
                        .as("seed %d", seed)
                        .isLessThanOrEqualTo(capsule.length);
            }
            assertThat(descriptors.count()).isBetween(0, DataDescriptors.MAX);
        }
    }

    private static final Status SGL_TYPE = Status.SGL_DESCRIPTOR_TYPE_INVALID;
    private static final Status SEGMENT = Status.INVALID_SGL_SEGMENT_DESCRIPTOR;

    private void refuses(String descriptor, byte[] capsule, Status status, int at) {
        assertThat(read(descriptor, capsule)).as(descriptor).isEqualTo(status);
        assertThat(descriptors.errorByte()).as(descriptor).isEqualTo(at);
    }

    private @Nullable Status read(String descriptor, byte[] capsule) {
        Bytes entry = Commands.sqe(0, 0);
        entry.put(24, HexFormat.of().parseHex(descriptor.replace(" ", "")));
        return read(entry.array(), capsule);
    }

    private @Nullable Status read(byte[] entry, byte[] capsule) {
        Sqe sqe = new Sqe().wrap(MemorySegment.ofArray(entry), 0);
        return descriptors.read(sqe, MemorySegment.ofArray(capsule), 0, capsule.length, LIMIT);
    }
}
