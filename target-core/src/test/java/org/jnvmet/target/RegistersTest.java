package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.util.stream.IntStream;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.fabrics.Properties;
import org.jnvmet.wire.fabrics.PropertyCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistersTest {
    private static final int READY = 1;
    private static final int FATAL = 2;
    private static final int SHUTDOWN_RUNNING = 1 << 2;
    private static final int SHUTDOWN_COMPLETE = 2 << 2;
    private static final int SHUTDOWN = 0x0046_4001;

    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue admin = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);

    @AfterEach
    void close() {
        fixture.close();
    }

    private long status() {
        return CoreFixture.property(admin, Properties.CSTS);
    }

    @Test
    void tellsItsCapabilities() {
        // MQES 1023, CQR, TO 15, NVM command set, I/O command sets, ready with media
        assertThat(CoreFixture.property(admin, Properties.CAP))
                .isEqualTo(1023 | 1 << 16 | 15 << 24 | 1L << 37 | 1L << 43 | 1L << 59);
        assertThat(CoreFixture.property(admin, Properties.CRTO)).isEqualTo(15);
        assertThat(CoreFixture.property(admin, Properties.VS)).isEqualTo(0x0002_0100);
    }

    @Test
    void becomesReadyWhenEnabled() {
        assertThat(status()).isZero();

        CoreFixture.configure(admin, 0x0046_0060); // as Linux does, the command set before enabling
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE_CSI);

        assertThat(status()).isEqualTo(READY);
        assertThat(CoreFixture.property(admin, Properties.CC)).isEqualTo(CoreFixture.CC_ENABLE_CSI);
    }

    @ParameterizedTest
    @ValueSource(
            ints = {
                0x0045_0001, // IOSQES 5
                0x0036_0001, // IOCQES 3
                0x0046_0081, // MPS 1
                0x0046_0801, // AMS 1
                0x0046_0011, // CSS 001b
                0x0046_0071, // CSS 111b: admin only
                0x0146_0001, // CRIME
            })
    void turnsFatalWhenEnabledWithWhatItHasNot(int configuration) {
        CoreFixture.configure(admin, configuration);

        assertThat(status()).isEqualTo(FATAL);
        assertThat(CoreFixture.identify(admin, 1, 0).is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();

        CoreFixture.configure(admin, 0);
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        assertThat(status()).isEqualTo(READY);
    }

    @Test
    void clearsItsConfigurationWhenDisabled() {
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        int event = admin.send(TestQueue.admin(AdminOpcode.ASYNC_EVENT_REQUEST), 0, new byte[0]);

        CoreFixture.configure(admin, 0x0046_0000);

        assertThat(status()).isZero();
        assertThat(CoreFixture.property(admin, Properties.CC)).isZero();
        assertThat(admin.ended(event).is(Status.ABORTED_SQ_DELETION)).isTrue();
        assertThat(CoreFixture.identify(admin, 1, 0).is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
    }

    @Test
    void flushesBeforeItReportsShutdownComplete() {
        fixture.namespace(2, "mem:64K");
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        fixture.media.stall();

        CoreFixture.configure(admin, SHUTDOWN);
        assertThat(status()).isEqualTo(SHUTDOWN_RUNNING);
        fixture.media.resume();
        fixture.settle();

        assertThat(status()).isEqualTo(SHUTDOWN_COMPLETE);
        assertThat(fixture.media.operations).hasSize(2).containsOnly(Kind.FLUSH);
        assertThat(CoreFixture.identify(admin, 1, 0).is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
        CoreFixture.configure(admin, 0);
        assertThat(status()).isZero();
    }

    @Test
    void reportsShutdownOfASubsystemWithManyNamespaces() {
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        IntStream.rangeClosed(2, 1000).forEach(fixture.subsystem::createNamespace);

        CoreFixture.configure(admin, SHUTDOWN);
        fixture.settle();

        assertThat(status()).isEqualTo(SHUTDOWN_COMPLETE);
    }

    @ParameterizedTest
    @CsvSource({
        "0x00, 4, 40", // CAP has 8 bytes
        "0x14, 8, 40",
        "0x20, 4, 44", // NSSR does not exist
        "0x04, 4, 44",
        "0xfffffff0, 8, 44"
    })
    void refusesPropertiesThatDoNotExist(long offset, int bytes, int errorByte) {
        TestQueue.Completion completion = CoreFixture.getProperty(admin, (int) offset, bytes);

        assertThat(completion.is(Status.INVALID_FIELD)).isTrue();
        assertThat(latestErrorByte()).isEqualTo(errorByte);
    }

    private int latestErrorByte() {
        var page = MemorySegment.ofArray(new byte[ErrorLog.ENTRIES * 64]);
        CoreFixture.controller(admin).errorLog().copyTo(page);
        return page.get(Le.U16, 14);
    }

    @Test
    void letsNothingBeSetButItsConfiguration() {
        TestQueue.Completion wide =
                admin.run(sqe ->
                        PropertyCommand.set(sqe, Properties.CC, 8)
                                .u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                                .u8(Sqe.FCTYPE, FabricsType.PROPERTY_SET));
        TestQueue.Completion status =
                admin.run(sqe ->
                        PropertyCommand.set(sqe, Properties.CSTS, 4)
                                .u8(Sqe.OPCODE, AdminOpcode.FABRICS)
                                .u8(Sqe.FCTYPE, FabricsType.PROPERTY_SET));

        assertThat(wide.is(Status.INVALID_FIELD)).isTrue();
        assertThat(status.is(Status.INVALID_FIELD)).isTrue();
    }

    @Test
    void hasNoPropertiesOnIoQueues() {
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        TestQueue io = fixture.io(admin, 1);

        assertThat(CoreFixture.getProperty(io, Properties.CSTS, 4).is(Status.INVALID_OPCODE))
                .isTrue();
    }

    @Test
    void becomesReadyOnlyWhenItsHostsLostWritesHaveEnded() {
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        TestQueue io = fixture.io(admin, 1);
        fixture.media.stall();
        io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), 4096, new byte[4096]);
        int lostId = CoreFixture.controller(admin).id();
        admin.close("lost");
        fixture.settle();

        TestQueue next = fixture.connectAdmin(CoreFixture.SUBSYSTEM, 0);
        CoreFixture.configure(next, CoreFixture.CC_ENABLE);
        assertThat(CoreFixture.property(next, Properties.CSTS)).isZero();
        assertThat(CoreFixture.controller(next).id()).isNotEqualTo(lostId);
        fixture.media.resume();
        fixture.settle();

        assertThat(CoreFixture.property(next, Properties.CSTS)).isEqualTo(READY);
    }

    @Test
    void letsOtherHostsBecomeReadyMeanwhile() {
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        TestQueue io = fixture.io(admin, 1);
        fixture.media.stall();
        io.send(CoreFixture.io(IoOpcode.WRITE, 1, 0, 1), 4096, new byte[4096]);
        admin.close("lost");
        fixture.settle();

        TestQueue other = fixture.open();
        other.write(
                TestQueue.connect(0, 32, 0),
                TestQueue.connectData(
                        0xffff, CoreFixture.SUBSYSTEM, "nqn.other", TestQueue.HOST_ID));
        CoreFixture.configure(other, CoreFixture.CC_ENABLE);

        assertThat(CoreFixture.property(other, Properties.CSTS)).isEqualTo(READY);
    }
}
