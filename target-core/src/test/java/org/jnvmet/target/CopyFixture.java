package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.function.Consumer;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.CopyCommand;
import org.jnvmet.wire.CopyRange;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.ErrorLogEntry;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.HostBehavior;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Commands of the tests of Copy, and the namespaces that they are for. */
abstract class CopyFixture {
    static final int BLOCK = CoreFixture.BLOCK;

    final CoreFixture fixture = new CoreFixture();
    final TestQueue admin = fixture.admin();
    final TestQueue io = fixture.io(admin, 1);

    record Source(int nsid, long lba, int blocks) {}

    @BeforeEach
    void addNamespaces() {
        fixture.namespace(2, "mem:1M");
        fixture.namespace(3, "mem:1M,bs=512");
        fixture.namespace(4, "mem:2G");
    }

    @AfterEach
    void close() {
        fixture.close();
    }

    void enable(int formats) {
        byte[] data = new byte[HostBehavior.BYTES];
        new HostBehavior().wrap(MemorySegment.ofArray(data), 0).set(HostBehavior.CDFE, formats);
        TestQueue.Completion enabled =
                admin.write(
                        TestQueue.admin(AdminOpcode.SET_FEATURES)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, Feature.HOST_BEHAVIOR)),
                        data);
        assertThat(enabled.is(Status.SUCCESS)).isTrue();
    }

    static byte[] list(int format, List<Source> sources) {
        byte[] data = new byte[sources.size() * CopyRange.bytes(format)];
        CopyRange range = new CopyRange();
        for (int i = 0; i < sources.size(); i++) {
            Source source = sources.get(i);
            range.wrap(MemorySegment.ofArray(data), (long) i * CopyRange.bytes(format))
                    .set(CopyRange.SLBA, source.lba)
                    .set(CopyRange.NLB, source.blocks - 1);
            if (CopyCommand.namesNamespaces(format)) {
                range.set(CopyRange.SNSID, Integer.toUnsignedLong(source.nsid));
            }
        }
        return data;
    }

    static Consumer<Sqe> command(int format, int nsid, long to, int ranges) {
        return sqe ->
                CopyCommand.set(
                        sqe.u8(Sqe.OPCODE, IoOpcode.COPY).u32(Sqe.NSID, nsid), to, ranges, format);
    }

    int send(int format, int nsid, long to, Source... sources) {
        byte[] data = list(format, List.of(sources));
        return io.send(command(format, nsid, to, sources.length), data.length, data);
    }

    TestQueue.Completion copy(int format, int nsid, long to, Source... sources) {
        int id = send(format, nsid, to, sources);
        fixture.settle();
        return io.ended(id);
    }

    static byte[] pattern(int blocks, int seed) {
        byte[] data = new byte[blocks * BLOCK];
        for (int i = 0; i < data.length; i++) {
            data[i] = (byte) (i * 31 + seed + (i >> 12));
        }
        return data;
    }

    void write(int nsid, long lba, byte[] data) {
        int blocks = data.length / BLOCK;
        assertThat(
                        io.write(CoreFixture.io(IoOpcode.WRITE, nsid, lba, blocks), data)
                                .is(Status.SUCCESS))
                .isTrue();
    }

    byte[] read(int nsid, long lba, int blocks) {
        return io.read(CoreFixture.io(IoOpcode.READ, nsid, lba, blocks), blocks * BLOCK).data();
    }

    int location() {
        byte[] log = new byte[ErrorLog.ENTRIES * ErrorLogEntry.BYTES];
        CoreFixture.controller(admin).errorLog().copyTo(MemorySegment.ofArray(log));
        return new ErrorLogEntry()
                .wrap(MemorySegment.ofArray(log), 0)
                .getInt(ErrorLogEntry.LOCATION);
    }
}
