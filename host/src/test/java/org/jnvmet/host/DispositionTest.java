package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.host.Disposition.COMPLETE;
import static org.jnvmet.host.Disposition.FAIL_OVER;
import static org.jnvmet.host.Disposition.RETRY;

import java.util.stream.Stream;
import org.jnvmet.wire.Status;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What becomes of a request that came back. */
class DispositionTest {
    private static final boolean BY_HOST = true;
    private static final boolean DYING = true;

    /** Columns: status, retries, by host, dying; then over one controller, over several. */
    static Stream<Arguments> rows() {
        return Stream.of(
                row(0, 0, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(0, 5, !BY_HOST, DYING, COMPLETE, COMPLETE),
                row(Status.INTERNAL_ERROR.code(), 0, !BY_HOST, !DYING, RETRY, RETRY),
                row(Status.INTERNAL_ERROR.code(), 4, !BY_HOST, !DYING, RETRY, RETRY),
                row(Status.INTERNAL_ERROR.code(), 5, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(Status.INTERNAL_ERROR.code(), 0, !BY_HOST, DYING, COMPLETE, FAIL_OVER),
                row(dnr(Status.INTERNAL_ERROR), 0, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(Status.NAMESPACE_NOT_READY.code(), 0, !BY_HOST, !DYING, RETRY, RETRY),
                row(Status.UNRECOVERED_READ_ERROR.code(), 0, !BY_HOST, !DYING, RETRY, RETRY),
                row(Status.COMPARE_FAILURE.field(), 0, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(Status.INTERNAL_PATH_ERROR.code(), 0, !BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.INTERNAL_PATH_ERROR.code(), 5, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(dnr(Status.INTERNAL_PATH_ERROR), 0, !BY_HOST, !DYING, COMPLETE, COMPLETE),
                row(Status.ANA_PERSISTENT_LOSS.code(), 0, !BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.ANA_INACCESSIBLE.code(), 0, !BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.ANA_TRANSITION.code(), 0, !BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.CONTROLLER_PATHING_ERROR.code(), 0, !BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.HOST_PATHING_ERROR.code(), 0, BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.ABORTED_BY_HOST.code(), 0, BY_HOST, !DYING, RETRY, FAIL_OVER),
                row(Status.ABORTED_BY_HOST.code(), 5, BY_HOST, !DYING, COMPLETE, FAIL_OVER),
                row(Status.ABORTED_BY_HOST.code(), 0, BY_HOST, DYING, COMPLETE, FAIL_OVER),
                row(Status.HOST_PATHING_ERROR.code(), 5, !BY_HOST, !DYING, COMPLETE, COMPLETE));
    }

    private static int dnr(Status status) {
        return status.code() | Status.DNR;
    }

    private static Arguments row(
            int status,
            int retries,
            boolean byHost,
            boolean dying,
            Disposition single,
            Disposition multipath) {
        return Arguments.of(status, retries, byHost, dying, single, multipath);
    }

    @ParameterizedTest(name = "status {0}, retries {1}, by host {2}, dying {3}: {4}, {5}")
    @MethodSource("rows")
    void decidesAsALinuxHost(
            int status,
            int retries,
            boolean byHost,
            boolean dying,
            Disposition single,
            Disposition multipath) {
        assertThat(Disposition.of(status, byHost, retries, false, dying)).isEqualTo(single);
        assertThat(Disposition.of(status, byHost, retries, true, dying)).isEqualTo(multipath);
    }

    @ParameterizedTest
    @EnumSource(Status.class)
    void neverRepeatsWhatMustNotBeRepeated(Status status) {
        for (boolean multipath : new boolean[] {false, true}) {
            assertThat(Disposition.of(status.code() | Status.DNR, false, 0, multipath, false))
                    .isEqualTo(COMPLETE);
        }
    }

    @Test
    void readsTheCommandRetryDelay() {
        assertThat(Disposition.retryDelay(Status.INTERNAL_ERROR.code())).isZero();
        assertThat(Disposition.retryDelay(Status.INTERNAL_ERROR.code() | 0x1000)).isEqualTo(2);
        assertThat(Disposition.retryDelay(0x7fff)).isEqualTo(3);
    }
}
