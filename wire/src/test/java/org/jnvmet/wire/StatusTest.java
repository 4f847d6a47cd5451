package org.jnvmet.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Codes of {@link Status} as the standard numbers them. */
class StatusTest {
    private static final Set<Status> OF_COPY =
            EnumSet.of(
                    Status.COMMAND_SIZE_LIMIT_EXCEEDED,
                    Status.INCOMPATIBLE_NAMESPACE,
                    Status.FAST_COPY_NOT_POSSIBLE,
                    Status.OVERLAPPING_IO_RANGE,
                    Status.NAMESPACE_NOT_REACHABLE,
                    Status.INSUFFICIENT_RESOURCES);

    @Test
    void numbersStatusesAsTheStandardDoes() {
        assertThat(Status.SUCCESS.field()).isZero();
        assertThat(Status.INVALID_FIELD.field()).isEqualTo(0x4002);
        assertThat(Status.TRANSIENT_TRANSPORT_ERROR.field()).isEqualTo(0x0022);
        assertThat(Status.LBA_OUT_OF_RANGE.field()).isEqualTo(0x4080);
        assertThat(Status.RESERVATION_CONFLICT.code()).isEqualTo(0x083);
        assertThat(Status.CONNECT_INVALID_PARAMETERS.field()).isEqualTo(0x4182);
        assertThat(Status.CONNECT_INVALID_HOST.field()).isEqualTo(0x4184);
        assertThat(Status.AUTHENTICATION_REQUIRED.code()).isEqualTo(0x191);
        assertThat(Status.WRITE_FAULT.field()).isEqualTo(0x0280);
        assertThat(Status.UNRECOVERED_READ_ERROR.field()).isEqualTo(0x0281);
        assertThat(Status.ACCESS_DENIED.code()).isEqualTo(0x286);
        assertThat(Status.ANA_INACCESSIBLE.field()).isEqualTo(0x0302);
        assertThat(Status.ANA_TRANSITION.field()).isEqualTo(0x0303);
        assertThat(Status.ABORTED_BY_HOST.code()).isEqualTo(0x371);
    }

    @Test
    void givesEachCodeToOneStatusOnlyOfEachCommandSet() {
        assertThat(
                        Arrays.stream(Status.values())
                                .filter(status -> !OF_COPY.contains(status))
                                .map(Status::code))
                .doesNotHaveDuplicates();
        assertThat(OF_COPY)
                .map(Status::code)
                .containsExactly(0x183, 0x185, 0x186, 0x187, 0x188, 0x189);
    }

    @Test
    void recognisesAStatusWithAndWithoutDoNotRetryAndMore() {
        assertThat(Status.INTERNAL_ERROR.is(0x0006)).isTrue();
        assertThat(Status.INTERNAL_ERROR.is(0x6006)).isTrue();
        assertThat(Status.INTERNAL_ERROR.is(0x0106)).isFalse();
    }

    @Test
    void describesKnownCodesInWordsAndOthersInHexadecimal() {
        assertThat(Status.describe("Connect", 0x4191)).isEqualTo("authentication required");
        assertThat(Status.describe("Read", 0x47ab)).isEqualTo("status 7h/abh");
        assertThat(Status.describe("Connect", 0x4183)).isEqualTo("connect: restart discovery");
        assertThat(Status.describe("Copy", 0x4183)).isEqualTo("command size limit exceeded");
        assertThat(Status.describe("Disconnect", 0x4185)).isEqualTo("invalid queue type");
        assertThat(Status.describe("Copy", 0x4185)).isEqualTo("incompatible namespace or format");
    }
}
