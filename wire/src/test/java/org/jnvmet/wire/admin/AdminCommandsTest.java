package org.jnvmet.wire.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Golden;
import org.jnvmet.wire.Sqe;
import org.junit.jupiter.api.Test;

/** Golden command dwords of Identify, Get Log Page and the features, and dwords of events. */
class AdminCommandsTest {
    private final MemorySegment memory = Golden.memory(new byte[Sqe.BYTES]);
    private final Sqe sqe = new Sqe().wrap(memory, 0);

    private Sqe dwords(String hex) {
        byte[] bytes = Golden.hex(hex);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, memory, Sqe.CDW10, bytes.length);
        return sqe;
    }

    @Test
    void readsIdentify() {
        dwords("06 00 34 12  78 56 00 02");
        assertThat(IdentifyCommand.cns(sqe)).isEqualTo(Cns.IO_COMMAND_SET_CONTROLLER);
        assertThat(IdentifyCommand.controllerId(sqe)).isEqualTo(0x1234);
        assertThat(IdentifyCommand.commandSet(sqe)).isEqualTo(2);
    }

    @Test
    void readsBothHalvesOfTheLogPageLength() {
        dwords("0c 85 ff 03  01 00 00 00  08 07 06 05  04 03 02 01  00 00 80 03");
        assertThat(LogPageCommand.logId(sqe)).isEqualTo(LogPage.ANA);
        assertThat(LogPageCommand.parameter(sqe)).isEqualTo(5);
        assertThat(LogPageCommand.retainAsyncEvent(sqe)).isTrue();
        assertThat(LogPageCommand.lengthBytes(sqe)).isEqualTo(0x10400 * 4);
        assertThat(LogPageCommand.offset(sqe)).isEqualTo(0x0102030405060708L);
        assertThat(LogPageCommand.offsetIsIndex(sqe)).isTrue();
        assertThat(LogPageCommand.commandSet(sqe)).isEqualTo(3);
    }

    @Test
    void readsTheLongestAndShortestLogPageLength() {
        dwords("02 00 ff ff  ff ff 00 00");
        assertThat(LogPageCommand.lengthBytes(sqe)).isEqualTo(1L << 34);
        dwords("02 00 00 00  00 00 00 00");
        assertThat(LogPageCommand.lengthBytes(sqe)).isEqualTo(4);
        assertThat(LogPageCommand.retainAsyncEvent(sqe)).isFalse();
        assertThat(LogPageCommand.offsetIsIndex(sqe)).isFalse();
    }

    @Test
    void writesGetLogPage() {
        LogPageCommand.set(sqe, LogPage.DISCOVERY, true, 0x10001L * 4, 0x400);
        assertThat(Golden.hex(memory.asSlice(Sqe.CDW10), 16))
                .isEqualTo("70800000" + "01000000" + "0004000000000000");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogPageCommand.set(sqe, LogPage.SMART, false, 6, 0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> LogPageCommand.set(sqe, LogPage.SMART, false, 0, 0));
    }

    @Test
    void readsFeatureCommands() {
        dwords("07 fb 00 80");
        assertThat(FeatureCommand.featureId(sqe)).isEqualTo(Feature.NUMBER_OF_QUEUES);
        assertThat(FeatureCommand.select(sqe)).isEqualTo(FeatureCommand.SUPPORTED_CAPABILITIES);
        assertThat(FeatureCommand.save(sqe)).isTrue();
        dwords("0f 00 00 00");
        assertThat(FeatureCommand.featureId(sqe)).isEqualTo(Feature.KEEP_ALIVE_TIMER);
        assertThat(FeatureCommand.save(sqe)).isFalse();
    }

    @Test
    void countsQueuesFromOne() {
        assertThat(Feature.queueCounts(128, 64)).isEqualTo(0x003f007f);
        assertThat(Feature.submissionQueues(0x003f007f)).isEqualTo(128);
        assertThat(Feature.completionQueues(0x003f007f)).isEqualTo(64);
        assertThat(Feature.completionQueues(0xffff0000)).isEqualTo(65_536);
    }

    @Test
    void reportsEventsInTheDwordsThatHostsKnow() {
        assertThat(AsyncEvent.NAMESPACE_ATTRIBUTE_CHANGED).isEqualTo(0x00040002);
        assertThat(AsyncEvent.ANA_CHANGE).isEqualTo(0x000c0302);
        assertThat(AsyncEvent.DISCOVERY_CHANGE).isEqualTo(0x0070f002);
        assertThat(AsyncEvent.RESERVATION_LOG_AVAILABLE).isEqualTo(0x00800006);
        assertThat(AsyncEvent.type(0x0070f002)).isEqualTo(AsyncEvent.TYPE_NOTICE);
        assertThat(AsyncEvent.information(0x0070f002)).isEqualTo(0xf0);
        assertThat(AsyncEvent.logPage(0x0070f002)).isEqualTo(LogPage.DISCOVERY);
        assertThat(AsyncEvent.ENABLE_DISCOVERY_CHANGE).isEqualTo(0x80000000);
        assertThat(AsyncEvent.ENABLE_NAMESPACE_ATTRIBUTE | AsyncEvent.ENABLE_ANA_CHANGE)
                .isEqualTo(0x900);
    }
}
