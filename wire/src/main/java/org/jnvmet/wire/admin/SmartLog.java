package org.jnvmet.wire.admin;

import org.jnvmet.wire.Struct;

/** SMART / Health Information log page (Base, same title). */
public final class SmartLog extends Struct<SmartLog> {
    /** Bytes of the structure. */
    public static final int BYTES = 512;

    public static final Field CRITICAL_WARNING = number(0, 1);

    /** Composite temperature in kelvins. */
    public static final Field TEMPERATURE = number(1, 2);

    public static final Field AVAILABLE_SPARE = number(3, 1);
    public static final Field AVAILABLE_SPARE_THRESHOLD = number(4, 1);
    public static final Field PERCENTAGE_USED = number(5, 1);
    public static final Field ENDURANCE_GROUP_WARNING = number(6, 1);

    /** In thousands of 512-byte units, rounded up. */
    public static final Field DATA_UNITS_READ = number(32, 16);

    /** In thousands of 512-byte units, rounded up. */
    public static final Field DATA_UNITS_WRITTEN = number(48, 16);

    public static final Field HOST_READS = number(64, 16);
    public static final Field HOST_WRITES = number(80, 16);
    public static final Field BUSY_MINUTES = number(96, 16);
    public static final Field POWER_CYCLES = number(112, 16);
    public static final Field POWER_ON_HOURS = number(128, 16);
    public static final Field UNSAFE_SHUTDOWNS = number(144, 16);
    public static final Field MEDIA_ERRORS = number(160, 16);
    public static final Field ERROR_LOG_ENTRIES = number(176, 16);
    public static final Field WARNING_TEMPERATURE_MINUTES = number(192, 4);
    public static final Field CRITICAL_TEMPERATURE_MINUTES = number(196, 4);

    /** Temperature sensor 1 in kelvins, 0 if there is none; 7 more follow. */
    public static final Field SENSOR1 = number(200, 2);

    public static final Field MANAGEMENT1_COUNT = number(216, 4);
    public static final Field MANAGEMENT2_COUNT = number(220, 4);
    public static final Field MANAGEMENT1_SECONDS = number(224, 4);
    public static final Field MANAGEMENT2_SECONDS = number(228, 4);

    /** Number of temperature sensors at {@link #SENSOR1}. */
    public static final int SENSORS = 8;

    public SmartLog() {
        super(BYTES);
    }

    @Override
    protected SmartLog self() {
        return this;
    }
}
