package org.jnvmet.wire.admin;

import org.jnvmet.wire.Sqe;

/** Command dwords of Get Features and Set Features (Base, those commands). */
public final class FeatureCommand {
    /** Offset of the feature identifier. */
    public static final int FID = Sqe.CDW10;

    /** Offset of the selector (Get: bits 2:0). */
    public static final int SEL = Sqe.CDW10 + 1;

    /** Selects the current value. */
    public static final int CURRENT = 0;

    /** Selects the default value. */
    public static final int DEFAULT = 1;

    /** Selects the saved value. */
    public static final int SAVED = 2;

    /** Selects the capabilities of the feature. */
    public static final int SUPPORTED_CAPABILITIES = 3;

    /** In command dword 10 of Set Features: save across resets. */
    public static final int SAVE = 1 << 31;

    /** Result of {@link #SUPPORTED_CAPABILITIES}: the feature can be saved. */
    public static final int CAPABILITY_SAVEABLE = 1;

    /** Result of {@link #SUPPORTED_CAPABILITIES}: each namespace has its own value. */
    public static final int CAPABILITY_NAMESPACE_SPECIFIC = 1 << 1;

    /** Result of {@link #SUPPORTED_CAPABILITIES}: the feature can be changed. */
    public static final int CAPABILITY_CHANGEABLE = 1 << 2;

    private FeatureCommand() {}

    /** The feature; see {@link Feature}. */
    public static int featureId(Sqe sqe) {
        return sqe.u8(FID);
    }

    /** Which value Get Features asks for. */
    public static int select(Sqe sqe) {
        return sqe.u8(SEL) & 7;
    }

    /** Whether Set Features asks to save the value. */
    public static boolean save(Sqe sqe) {
        return (sqe.cdw10() & SAVE) != 0;
    }
}
