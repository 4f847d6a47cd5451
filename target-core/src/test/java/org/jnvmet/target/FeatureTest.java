package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Feature;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureTest {
    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue admin = fixture.admin();

    @AfterEach
    void close() {
        fixture.close();
    }

    private TestQueue.Completion get(int featureId, int select) {
        return get(admin, featureId, select);
    }

    private static TestQueue.Completion get(TestQueue queue, int featureId, int select) {
        return queue.run(
                TestQueue.admin(AdminOpcode.GET_FEATURES)
                        .andThen(sqe -> sqe.u32(Sqe.CDW10, featureId | select << 8)));
    }

    private TestQueue.Completion set(int featureId, int value) {
        return set(admin, featureId, value);
    }

    static TestQueue.Completion set(TestQueue queue, int featureId, int value) {
        return queue.run(
                TestQueue.admin(AdminOpcode.SET_FEATURES)
                        .andThen(sqe -> sqe.u32(Sqe.CDW10, featureId).u32(Sqe.CDW11, value)));
    }

    /** Feature, default, a value that can be set (or -), whether it changes. */
    @ParameterizedTest
    @CsvSource({
        "1, 0, 7, true",
        "2, 0, 0, false",
        "5, 0, 0, false",
        "6, 1, 1, false",
        "7, 0x7f007f, 0x30003, false",
        "11, 0, 0x900, true",
        "15, 0, 5000, true",
        "25, 0, 0, false"
    })
    void keepsFeatures(int featureId, String defaultValue, String value, boolean changeable) {
        long first = Long.decode(defaultValue);
        assertThat(get(featureId, 0).result()).isEqualTo(first);

        assertThat(set(featureId, Integer.decode(value)).is(Status.SUCCESS)).isTrue();

        assertThat(get(featureId, 0).result()).isEqualTo(changeable ? Long.decode(value) : first);
        assertThat(get(featureId, 1).result()).as("default").isEqualTo(first);
        assertThat(get(featureId, 2).result()).as("saved").isEqualTo(first);
        assertThat(get(featureId, 3).result()).as("capabilities").isEqualTo(changeable ? 4 : 0);
    }

    @ParameterizedTest
    @CsvSource({"2, 1", "5, 1", "6, 0", "25, 1"})
    void refusesToChangeWhatCannotDiffer(int featureId, int value) {
        assertThat(set(featureId, value).is(Status.FEATURE_NOT_CHANGEABLE)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, 4, 8, 9, 10, 12, 13, 0x80, 0x82, 0x83, 0x84, 0xff})
    void refusesUnknownFeatures(int featureId) {
        assertThat(get(featureId, 0).is(Status.INVALID_FIELD)).isTrue();
        assertThat(set(featureId, 0).is(Status.INVALID_FIELD)).isTrue();
    }

    @Test
    void refusesSelectorsThatDoNotExist() {
        assertThat(get(Feature.KEEP_ALIVE_TIMER, 4).is(Status.INVALID_FIELD)).isTrue();
    }

    private TestQueue.Completion behave(int... bytes) {
        byte[] data = new byte[512];
        for (int i = 0; i < bytes.length; i++) {
            data[i] = (byte) bytes[i];
        }
        return admin.write(
                TestQueue.admin(AdminOpcode.SET_FEATURES)
                        .andThen(sqe -> sqe.u32(Sqe.CDW10, Feature.HOST_BEHAVIOR)),
                data);
    }

    private TestQueue.Completion behavior(int select) {
        return admin.read(
                TestQueue.admin(AdminOpcode.GET_FEATURES)
                        .andThen(sqe -> sqe.u32(Sqe.CDW10, Feature.HOST_BEHAVIOR | select << 8)),
                512);
    }

    @Test
    void keepsWhatTheHostSaysOfItself() {
        assertThat(behavior(0).data()).containsOnly(0);

        assertThat(behave(1, 0, 0, 0, 0x0c, 0).is(Status.SUCCESS)).isTrue();

        assertThat(behavior(0).data()).startsWith(1, 0, 0, 0, 0x0c, 0);
        assertThat(behavior(1).data()).as("default").containsOnly(0);
        assertThat(get(Feature.HOST_BEHAVIOR, 3).result()).as("capabilities").isEqualTo(4);
        CoreFixture.configure(admin, 0);
        CoreFixture.configure(admin, CoreFixture.CC_ENABLE);
        assertThat(behavior(0).data()).as("after a reset").containsOnly(0);
    }

    /** Retry 2, telemetry area 4, LBA formats, dispersed namespaces, copy formats 0h, 1h, 4h and 15h. */
    @ParameterizedTest
    @CsvSource({"0, 2", "1, 1", "2, 1", "3, 1", "4, 1", "4, 2", "4, 16", "5, 128"})
    void refusesBehaviorThatIsNotThere(int offset, int value) {
        int[] bytes = new int[6];
        bytes[offset] = value;

        assertThat(behave(bytes).is(Status.INVALID_FIELD)).isTrue();

        assertThat(behavior(0).data()).containsOnly(0);
    }

    @Test
    void savesNothing() {
        TestQueue.Completion completion =
                admin.run(
                        TestQueue.admin(AdminOpcode.SET_FEATURES)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, 1 << 31 | 1)));

        assertThat(completion.is(Status.FEATURE_NOT_SAVEABLE)).isTrue();
    }

    @Test
    void hasNoFeatureOfANamespace() {
        TestQueue.Completion completion =
                admin.run(
                        TestQueue.admin(AdminOpcode.SET_FEATURES)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, 1).u32(Sqe.NSID, 1)));

        assertThat(completion.is(Status.FEATURE_NOT_NAMESPACE_SPECIFIC)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0xffff", "0xffff0000"})
    void refusesImpossibleQueueCounts(String value) {
        assertThat(
                        set(Feature.NUMBER_OF_QUEUES, Long.decode(value).intValue())
                                .is(Status.INVALID_FIELD))
                .isTrue();
    }

    @Test
    void grantsTheQueuesOfTheSubsystem() {
        fixture.subsystem.maxQueueId(2);
        fixture.settle();
        TestQueue limited = fixture.admin();

        assertThat(set(limited, Feature.NUMBER_OF_QUEUES, 0x70007).result()).isEqualTo(0x10001);
        fixture.io(limited, 2);
        assertThat(set(limited, Feature.NUMBER_OF_QUEUES, 0).is(Status.COMMAND_SEQUENCE_ERROR))
                .isTrue();
        TestQueue.Completion beyond =
                fixture.connectIo(fixture.open(fixture.ioLoop), limited, 3, 32);
        assertThat(beyond.is(Status.CONNECT_INVALID_PARAMETERS)).isTrue();
    }

    @Test
    void repeatsTheHostIdentifierInItsLongForm() {
        TestQueue.Completion id =
                admin.read(
                        TestQueue.admin(AdminOpcode.GET_FEATURES)
                                .andThen(sqe ->
                                        sqe.u8(Sqe.CDW10, Feature.HOST_IDENTIFIER)
                                                .u32(Sqe.CDW11, 1)),
                        16);

        assertThat(id.data()).startsWith(0x5c, 0x1e, 0x3f, 0x6e).endsWith(0, 0, 0, 1).hasSize(16);
        assertThat(get(Feature.HOST_IDENTIFIER, 0).is(Status.INVALID_FIELD)).isTrue();
        assertThat(set(Feature.HOST_IDENTIFIER, 1).is(Status.COMMAND_SEQUENCE_ERROR)).isTrue();
    }

    @Test
    void limitsADiscoveryControllerToWhatItNeeds() {
        TestQueue discovery = fixture.discovery();

        assertThat(set(discovery, Feature.ASYNC_EVENT_CONFIGURATION, -1).is(Status.SUCCESS))
                .isTrue();
        assertThat(get(discovery, Feature.ASYNC_EVENT_CONFIGURATION, 0).result())
                .isEqualTo(0x8000_0000L);
        assertThat(get(discovery, Feature.KEEP_ALIVE_TIMER, 0).result()).isEqualTo(120_000);
        assertThat(get(discovery, Feature.NUMBER_OF_QUEUES, 0).is(Status.INVALID_FIELD)).isTrue();
    }
}
