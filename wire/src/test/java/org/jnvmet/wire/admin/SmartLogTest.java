package org.jnvmet.wire.admin;

import static org.jnvmet.wire.admin.SmartLog.AVAILABLE_SPARE;
import static org.jnvmet.wire.admin.SmartLog.AVAILABLE_SPARE_THRESHOLD;
import static org.jnvmet.wire.admin.SmartLog.BUSY_MINUTES;
import static org.jnvmet.wire.admin.SmartLog.CRITICAL_TEMPERATURE_MINUTES;
import static org.jnvmet.wire.admin.SmartLog.CRITICAL_WARNING;
import static org.jnvmet.wire.admin.SmartLog.DATA_UNITS_READ;
import static org.jnvmet.wire.admin.SmartLog.DATA_UNITS_WRITTEN;
import static org.jnvmet.wire.admin.SmartLog.ENDURANCE_GROUP_WARNING;
import static org.jnvmet.wire.admin.SmartLog.ERROR_LOG_ENTRIES;
import static org.jnvmet.wire.admin.SmartLog.HOST_READS;
import static org.jnvmet.wire.admin.SmartLog.HOST_WRITES;
import static org.jnvmet.wire.admin.SmartLog.MANAGEMENT1_COUNT;
import static org.jnvmet.wire.admin.SmartLog.MANAGEMENT1_SECONDS;
import static org.jnvmet.wire.admin.SmartLog.MANAGEMENT2_COUNT;
import static org.jnvmet.wire.admin.SmartLog.MANAGEMENT2_SECONDS;
import static org.jnvmet.wire.admin.SmartLog.MEDIA_ERRORS;
import static org.jnvmet.wire.admin.SmartLog.PERCENTAGE_USED;
import static org.jnvmet.wire.admin.SmartLog.POWER_CYCLES;
import static org.jnvmet.wire.admin.SmartLog.POWER_ON_HOURS;
import static org.jnvmet.wire.admin.SmartLog.SENSOR1;
import static org.jnvmet.wire.admin.SmartLog.TEMPERATURE;
import static org.jnvmet.wire.admin.SmartLog.UNSAFE_SHUTDOWNS;
import static org.jnvmet.wire.admin.SmartLog.WARNING_TEMPERATURE_MINUTES;

import org.jnvmet.wire.Golden;
import org.junit.jupiter.api.Test;

/** Golden bytes of {@link SmartLog}. */
class SmartLogTest {
    private static final String BYTES_OF_THE_STANDARD =
            """
            000: 0102 0304 0506 0700 0000 0000 0000 0000
            020: 0809 0a0b 0c0d 0e0f 0000 0000 0000 0000
            030: 1011 1213 1415 1617 0000 0000 0000 0000
            040: 1819 1a1b 1c1d 1e1f 0000 0000 0000 0000
            050: 2021 2223 2425 2627 0000 0000 0000 0000
            060: 2829 2a2b 2c2d 2e2f 0000 0000 0000 0000
            070: 3031 3233 3435 3637 0000 0000 0000 0000
            080: 3839 3a3b 3c3d 3e3f 0000 0000 0000 0000
            090: 4041 4243 4445 4647 0000 0000 0000 0000
            0a0: 4849 4a4b 4c4d 4e4f 0000 0000 0000 0000
            0b0: 5051 5253 5455 5657 0000 0000 0000 0000
            0c0: 5859 5a5b 5c5d 5e5f 6061 0000 0000 0000
            0d0: 0000 0000 0000 0000 6263 6465 6667 6869
            0e0: 6a6b 6c6d 6e6f 7071 0000 0000 0000 0000
            """;

    @Test
    void putsEachFieldWhereTheStandardPutsIt() {
        Golden.of(SmartLog.BYTES, BYTES_OF_THE_STANDARD)
                .with(CRITICAL_WARNING, 0x1)
                .with(TEMPERATURE, 0x302)
                .with(AVAILABLE_SPARE, 0x4)
                .with(AVAILABLE_SPARE_THRESHOLD, 0x5)
                .with(PERCENTAGE_USED, 0x6)
                .with(ENDURANCE_GROUP_WARNING, 0x7)
                .with(DATA_UNITS_READ, 0xf0e0d0c0b0a0908L)
                .with(DATA_UNITS_WRITTEN, 0x1716151413121110L)
                .with(HOST_READS, 0x1f1e1d1c1b1a1918L)
                .with(HOST_WRITES, 0x2726252423222120L)
                .with(BUSY_MINUTES, 0x2f2e2d2c2b2a2928L)
                .with(POWER_CYCLES, 0x3736353433323130L)
                .with(POWER_ON_HOURS, 0x3f3e3d3c3b3a3938L)
                .with(UNSAFE_SHUTDOWNS, 0x4746454443424140L)
                .with(MEDIA_ERRORS, 0x4f4e4d4c4b4a4948L)
                .with(ERROR_LOG_ENTRIES, 0x5756555453525150L)
                .with(WARNING_TEMPERATURE_MINUTES, 0x5b5a5958)
                .with(CRITICAL_TEMPERATURE_MINUTES, 0x5f5e5d5c)
                .with(SENSOR1, 0x6160)
                .with(MANAGEMENT1_COUNT, 0x65646362)
                .with(MANAGEMENT2_COUNT, 0x69686766)
                .with(MANAGEMENT1_SECONDS, 0x6d6c6b6a)
                .with(MANAGEMENT2_SECONDS, 0x71706f6e)
                .verify(new SmartLog());
    }
}
