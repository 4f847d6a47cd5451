package org.jnvmet.wire.admin;

import org.jnvmet.wire.BitField;
import org.jnvmet.wire.Struct;

/** Power State Descriptor (Base, Identify Controller Data Structure, same title). */
public final class PowerState extends Struct<PowerState> {
    /** Bytes of a descriptor. */
    public static final int BYTES = 32;

    /** Descriptors that Identify Controller has room for. */
    public static final int MAX_COUNT = 32;

    /** Maximum power, in units of {@link #MAX_POWER_SCALE}. */
    public static final Field MP = number(0, 2);

    /** {@link #MAX_POWER_SCALE} and {@link #NON_OPERATIONAL}. */
    public static final Field FLAGS = number(3, 1);

    /** Entry latency in microseconds. */
    public static final Field ENLAT = number(4, 4);

    /** Exit latency in microseconds. */
    public static final Field EXLAT = number(8, 4);

    public static final Field RRT = number(12, 1);
    public static final Field RRL = number(13, 1);
    public static final Field RWT = number(14, 1);
    public static final Field RWL = number(15, 1);

    /** Idle power, in units of the {@link #SCALE} in {@link #IPS}. */
    public static final Field IDLP = number(16, 2);

    public static final Field IPS = number(18, 1);

    /** Active power, in units of the {@link #SCALE} in {@link #APWS}. */
    public static final Field ACTP = number(20, 2);

    /** {@link #WORKLOAD}, and the {@link #SCALE} of active power. */
    public static final Field APWS = number(22, 1);

    /** Emergency power fail recovery time, in units of {@link #RECOVERY_SCALE}. */
    public static final Field EPFRT = number(23, 1);

    /** Forced quiescence vault time, in units of {@link #QUIESCENCE_SCALE}. */
    public static final Field FQVT = number(24, 1);

    /** Emergency power fail vault time, in units of {@link #VAULT_SCALE}. */
    public static final Field EPFVT = number(25, 1);

    /** {@link #RECOVERY_SCALE} and {@link #QUIESCENCE_SCALE}. */
    public static final Field TIME_SCALES = number(26, 1);

    /** {@link #VAULT_SCALE}. */
    public static final Field VAULT_TIME_SCALE = number(27, 1);

    /** In {@link #FLAGS}: 0 for hundredths of a watt, 1 for ten-thousandths. */
    public static final BitField MAX_POWER_SCALE = new BitField(0, 1);

    /** In {@link #FLAGS}: no I/O command is processed in this state. */
    public static final BitField NON_OPERATIONAL = new BitField(1, 1);

    /** In {@link #IPS} and {@link #APWS}: 0 for not reported, 1 for ten-thousandths of a watt, 2 for hundredths. */
    public static final BitField SCALE = new BitField(6, 2);

    /** In {@link #APWS}: the workload that active power is for. */
    public static final BitField WORKLOAD = new BitField(0, 3);

    /** In {@link #TIME_SCALES}: the power of ten that turns the time into microseconds. */
    public static final BitField RECOVERY_SCALE = new BitField(0, 4);

    /** In {@link #TIME_SCALES}. */
    public static final BitField QUIESCENCE_SCALE = new BitField(4, 4);

    /** In {@link #VAULT_TIME_SCALE}. */
    public static final BitField VAULT_SCALE = new BitField(0, 4);

    public PowerState() {
        super(BYTES);
    }

    @Override
    protected PowerState self() {
        return this;
    }
}
