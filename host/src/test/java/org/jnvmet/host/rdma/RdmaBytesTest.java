package org.jnvmet.host.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import org.jnvmet.host.AdminCommands;
import org.jnvmet.host.HostCommand;
import org.jnvmet.host.HostRequest;
import org.jnvmet.host.IoCommands;
import org.jnvmet.host.LooseQueue;
import org.jnvmet.host.rdma.RdmaFixture.Pending;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What goes over the wire, byte for byte, as a Linux host sends it. */
class RdmaBytesTest {
    private final RdmaFixture fixture = new RdmaFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private static byte[] random(int bytes) {
        byte[] data = new byte[bytes];
        new Random(bytes).nextBytes(data);
        return data;
    }

    @Test
    void asksForItsQueues() {
        try (LooseQueue _ = fixture.open(RdmaFixture.admin());
                LooseQueue _ = fixture.open(RdmaFixture.io(128))) {
            var admin = fixture.target.next().request();
            assertThat(HexFormat.of().formatHex(admin.privateData()))
                    .isEqualTo("0000" + "0000" + "2000" + "1f00" + "0000" + "00".repeat(46));
            assertThat(admin.initiatorDepth()).isEqualTo(16);
            assertThat(admin.getRnr_retry_count()).isEqualTo((byte) 7);
            var io = fixture.target.next().request();
            assertThat(HexFormat.of().formatHex(io.privateData()))
                    .isEqualTo("0000" + "0100" + "8000" + "7f00" + "0000" + "00".repeat(46));
        }
    }

    @Test
    void sendsACommandWithoutDataWithAnEmptyKeyedDescriptor() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            Pending flush = Pending.of(queue, IoCommands.flush(0x01020304));
            assertThat(target.capsuleHex())
                    .isEqualTo(
                            "00400000"
                                    + "04030201"
                                    + "00".repeat(16)
                                    + "0000000000000000"
                                    + "000000"
                                    + "00000000"
                                    + "40"
                                    + "00".repeat(24));
            target.respond(0, 0, 0x1122334455667788L);
            HostRequest done = flush.await();
            assertThat(done.succeeded()).isTrue();
            assertThat(done.result()).isEqualTo(0x1122334455667788L);
            assertThat(done.sqHead()).isEqualTo(3);
        }
    }

    @Test
    void sendsShortWritesInTheCapsuleAndLongOnesWithAKey() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            byte[] data = random(RdmaFixture.IN_CAPSULE);
            Pending small = Pending.of(queue, RdmaFixture.write(MemorySegment.ofArray(data)));
            byte[] capsule = target.capsule();
            assertThat(HexFormat.of().formatHex(capsule, 0, 64))
                    .isEqualTo(
                            "01400000"
                                    + "01000000"
                                    + "00".repeat(16)
                                    + "0000000000000000"
                                    + "00100000"
                                    + "00000001"
                                    + "0000000000000000"
                                    + "07000000"
                                    + "00".repeat(12));
            assertThat(Arrays.copyOfRange(capsule, 64, capsule.length)).isEqualTo(data);
            target.respond(0, 0, 0);
            assertThat(small.await().succeeded()).isTrue();

            byte[] more = random(RdmaFixture.IN_CAPSULE + 512);
            Pending large = Pending.of(queue, RdmaFixture.write(MemorySegment.ofArray(more)));
            Capsule keyed = Capsule.of(target.capsule());
            assertThat(keyed.bytes()).isEqualTo(64);
            assertThat(keyed.type()).isEqualTo(Sgl.KEYED);
            assertThat(target.read(keyed.address(), keyed.key(), keyed.length())).isEqualTo(more);
            target.respond(keyed.commandId(), 0, 0);
            assertThat(large.await().succeeded()).isTrue();
        }
    }

    @Test
    void readsThroughAKeyThatOutlivesTheCommand() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            int firstKey = 0;
            for (int round = 0; round < 3; round++) {
                byte[] expected = random(8192 + round * 512);
                byte[] data = new byte[expected.length];
                Pending read = Pending.of(queue, RdmaFixture.read(MemorySegment.ofArray(data)));
                Capsule capsule = Capsule.of(target.capsule());
                assertThat(capsule.type()).as("a key that must not be invalidated").isEqualTo(0x40);
                assertThat(capsule.length()).isEqualTo(data.length);
                firstKey = round == 0 ? capsule.key() : firstKey;
                assertThat(capsule.key()).isEqualTo(firstKey);
                target.write(capsule.address(), capsule.key(), expected);
                target.respond(capsule.commandId(), 0, 0);
                assertThat(read.await().succeeded()).isTrue();
                assertThat(data).isEqualTo(expected);
            }
        }
    }

    @Test
    void leavesTheDataOfAFailedReadAlone() {
        try (LooseQueue queue = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection target = fixture.target.next();
            byte[] data = new byte[8192];
            Pending read = Pending.of(queue, RdmaFixture.read(MemorySegment.ofArray(data)));
            Capsule capsule = Capsule.of(target.capsule());
            target.write(capsule.address(), capsule.key(), random(8192));
            target.respond(capsule.commandId(), Status.LBA_OUT_OF_RANGE.field(), 0);
            HostRequest done = read.await();
            assertThat(done.status()).isEqualTo(Status.LBA_OUT_OF_RANGE.field());
            assertThat(data).containsOnly(0);
        }
    }

    /** Connect: on the admin queue by key, where there is no data in capsules; on others in the capsule. */
    @Test
    void connectsTheAdminQueueByKeyAndOthersInTheCapsule() {
        try (LooseQueue admin = fixture.open(RdmaFixture.admin());
                LooseQueue io = fixture.open(RdmaFixture.io(8))) {
            RawTarget.Connection first = fixture.target.next();
            RawTarget.Connection second = fixture.target.next();
            var options = RdmaFixture.options().host("nqn.2014-08.x:host", new UUID(1, 2));
            HostCommand toAdmin = AdminCommands.connect(options, RdmaFixture.admin(), 0xffff);
            Pending one = Pending.of(admin, toAdmin);
            Capsule keyed = Capsule.of(first.capsule());
            assertThat(keyed.type()).isEqualTo(Sgl.KEYED);
            assertThat(keyed.bytes()).isEqualTo(64);
            byte[] data = first.read(keyed.address(), keyed.key(), 1024);
            assertThat(HexFormat.of().formatHex(data, 0, 16))
                    .isEqualTo("00000000000000010000000000000002");
            first.respond(keyed.commandId(), 0, 1);
            assertThat(one.await().succeeded()).isTrue();

            HostCommand toIo = AdminCommands.connect(options, RdmaFixture.io(8), 1);
            Pending two = Pending.of(io, toIo);
            Capsule inline = Capsule.of(second.capsule());
            assertThat(inline.type()).isEqualTo(Sgl.DATA_BLOCK_OFFSET);
            assertThat(inline.bytes()).isEqualTo(64 + 1024);
            second.respond(inline.commandId(), 0, 1);
            assertThat(two.await().succeeded()).isTrue();
        }
    }
}
