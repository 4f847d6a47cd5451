package org.jnvmet.target.backend;

import static org.assertj.core.api.Assertions.assertThat;

import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.BlockOperation.Kind;
import org.jnvmet.wire.Status;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class MediumErrorsTest {
    @ParameterizedTest
    @CsvSource({
        "EIO, READ, UNRECOVERED_READ_ERROR",
        "EIO, WRITE, WRITE_FAULT",
        "EIO, FLUSH, WRITE_FAULT",
        "EIO, WRITE_ZEROES, WRITE_FAULT",
        "EIO, DEALLOCATE, WRITE_FAULT",
        "ENODATA, READ, UNRECOVERED_READ_ERROR",
        "EILSEQ, READ, UNRECOVERED_READ_ERROR",
        "ENOSPC, WRITE, CAPACITY_EXCEEDED",
        "EDQUOT, WRITE, CAPACITY_EXCEEDED",
        "EFBIG, WRITE, CAPACITY_EXCEEDED",
        "EREMOTEIO, READ, LBA_OUT_OF_RANGE",
        "EOPNOTSUPP, WRITE_ZEROES, INVALID_OPCODE",
        "EROFS, WRITE, NAMESPACE_WRITE_PROTECTED",
        "EPERM, WRITE, NAMESPACE_WRITE_PROTECTED",
        "ENXIO, READ, INTERNAL_PATH_ERROR",
        "ETIMEDOUT, READ, INTERNAL_PATH_ERROR",
        "EINVAL, READ, INTERNAL_ERROR",
        "ENOMEM, WRITE, INTERNAL_ERROR"
    })
    void tellsTheHostWhatIsWrong(Errno errno, Kind kind, Status status) {
        assertThat(MediumErrors.status(kind, errno)).isEqualTo(status);
    }

    @ParameterizedTest
    @EnumSource(Errno.class)
    void neverTellsSuccess(Errno errno) {
        for (Kind kind : Kind.values()) {
            assertThat(MediumErrors.status(kind, errno)).isNotEqualTo(Status.SUCCESS);
        }
    }
}
