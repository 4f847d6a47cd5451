package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;

/** A hostile host: whatever it sends, each command ends once, nothing throws and nothing leaks. */
class CommandFuzzTest {
    private static final int COMMANDS = 100_000;
    private static final int[] ADMIN_OPCODES = {2, 6, 8, 9, 10, 12, 24, 0x7f};
    private static final int[] IO_OPCODES = {0, 1, 2, 5, 8, 9, 0x19, 0x7f};
    private static final long[] INTERESTING = {
        0,
        1,
        2,
        3,
        7,
        255,
        256,
        257,
        1023,
        1024,
        4095,
        4096,
        0x7fff_ffffL,
        0x8000_0000L,
        0xffff_fffeL,
        0xffff_ffffL,
        Long.MAX_VALUE,
        Long.MIN_VALUE,
        -1,
        -2
    };

    private final CoreFixture fixture = new CoreFixture();

    /** Ends each command once, or the test. */
    private static void accountFor(TestQueue queue, Set<Integer> sent) {
        for (TestQueue.Completion completion : queue.completions) {
            assertThat(sent.remove(completion.commandId()))
                    .as("completion of %d", completion.commandId())
                    .isTrue();
        }
        queue.completions.clear();
    }

    private static Consumer<Sqe> randomEntry(RandomGenerator random, int[] opcodes) {
        return sqe -> {
            for (int offset = 4; offset < Sqe.BYTES; offset += 4) {
                if (random.nextInt(3) == 0) {
                    sqe.u32(offset, (int) interesting(random));
                }
            }
            sqe.u8(
                    Sqe.OPCODE,
                    random.nextInt(10) == 0
                            ? random.nextInt(256)
                            : opcodes[random.nextInt(opcodes.length)]);
            if (random.nextInt(20) != 0) {
                sqe.u8(Sqe.FLAGS, Sgl.PSDT_SGL);
            }
            if (random.nextBoolean()) {
                sqe.u32(Sqe.NSID, random.nextInt(3));
            }
            if (random.nextBoolean()) {
                sqe.u64(Sqe.CDW10, random.nextInt(300)).u32(Sqe.CDW12, random.nextInt(64));
            }
            if (sqe.opcode() == AdminOpcode.FABRICS
                    && sqe.fabricsType() == FabricsType.DISCONNECT) {
                sqe.u8(Sqe.FCTYPE, FabricsType.PROPERTY_GET);
            }
            int bytes = random.nextInt(4) == 0 ? (int) interesting(random) : 0;
            sqe.u32(Sqe.SGL_LENGTH, random.nextBoolean() ? 4096 : bytes);
        };
    }

    private static long interesting(RandomGenerator random) {
        return random.nextInt(4) == 0
                ? random.nextLong()
                : INTERESTING[random.nextInt(INTERESTING.length)];
    }

    @Test
    void endsEachCommandOnce() {
        RandomGenerator random = Seed.random(77);
        byte[] data = new byte[1 << 20];
        Set<Integer> sentToAdmin = new HashSet<>();
        Set<Integer> sentToIo = new HashSet<>();
        TestQueue admin = fixture.admin();
        TestQueue io = fixture.io(admin, 1);
        admin.completions.clear();
        io.completions.clear();

        for (int i = 0; i < COMMANDS; i++) {
            boolean toAdmin = random.nextBoolean();
            TestQueue queue = toAdmin ? admin : io;
            Consumer<Sqe> entry = randomEntry(random, toAdmin ? ADMIN_OPCODES : IO_OPCODES);
            int id = queue.send(entry, 0, data);
            (toAdmin ? sentToAdmin : sentToIo).add(id);
            fixture.settle();
            accountFor(admin, sentToAdmin);
            accountFor(io, sentToIo);
            if (!CoreFixture.controller(admin).ready()) {
                reset(admin);
            }
        }

        assertThat(sentToIo).isEmpty();
        assertThat(sentToAdmin).hasSizeLessThanOrEqualTo(AsyncEvents.MAX_REQUESTS);
        assertThat(io.disconnects).isEmpty();
        assertThat(admin.disconnects).isEmpty();
        fixture.close();
    }

    /** The random host has disabled its controller, or worse. */
    private static void reset(TestQueue admin) {
        CoreFixture.configure(admin, 0);
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        admin.completions.removeIf(completion -> completion.is(Status.SUCCESS)); // of these two
    }
}
