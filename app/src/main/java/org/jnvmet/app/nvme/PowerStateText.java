package org.jnvmet.app.nvme;

import com.google.gson.JsonObject;
import java.util.Locale;
import org.jnvmet.wire.Struct;
import org.jnvmet.wire.admin.PowerState;

/** A power state as {@code nvme id-ctrl} shows it: numbers in their units, "-" where none is reported. */
final class PowerStateText {
    private static final int NOT_REPORTED = 0;
    private static final int TEN_THOUSANDTHS = 1;
    private static final int HUNDREDTHS = 2;
    private static final int MAX_TIME = 99;
    private static final String[] UNITS = {"microsecond", "millisecond", "second"};

    private PowerStateText() {}

    /** The lines of the state {@code index}. */
    static String of(int index, PowerState state) {
        int flags = state.getInt(PowerState.FLAGS);
        int scales = state.getInt(PowerState.TIME_SCALES);
        int active = state.getInt(PowerState.APWS);
        return """
        ps %6d : mp:%s %s enlat:%d exlat:%d rrt:%d rrl:%d
                    rwt:%d rwl:%d idle_power:%s active_power:%s
                    active_power_workload:%s
                    emergency power fail recovery time: %s
                    forced quiescence vault time: %s
                    emergency power fail vault time: %s
        """
                .formatted(
                        index,
                        watts(
                                state.getInt(PowerState.MP),
                                PowerState.MAX_POWER_SCALE.isSet(flags)
                                        ? TEN_THOUSANDTHS
                                        : HUNDREDTHS),
                        PowerState.NON_OPERATIONAL.isSet(flags) ? "non-operational" : "operational",
                        state.get(PowerState.ENLAT),
                        state.get(PowerState.EXLAT),
                        state.get(PowerState.RRT),
                        state.get(PowerState.RRL),
                        state.get(PowerState.RWT),
                        state.get(PowerState.RWL),
                        watts(
                                state.getInt(PowerState.IDLP),
                                PowerState.SCALE.of(state.get(PowerState.IPS))),
                        watts(state.getInt(PowerState.ACTP), PowerState.SCALE.of(active)),
                        workload(PowerState.WORKLOAD.of(active)),
                        time(state, PowerState.EPFRT, PowerState.RECOVERY_SCALE.of(scales)),
                        time(state, PowerState.FQVT, PowerState.QUIESCENCE_SCALE.of(scales)),
                        time(state, PowerState.EPFVT, vaultScale(state)));
    }

    private static int vaultScale(PowerState state) {
        return PowerState.VAULT_SCALE.of(state.get(PowerState.VAULT_TIME_SCALE));
    }

    private static String watts(int value, int scale) {
        return switch (scale) {
            case NOT_REPORTED -> "-";
            case TEN_THOUSANDTHS -> String.format(Locale.ROOT, "%.4fW", value / 10_000.0);
            case HUNDREDTHS -> String.format(Locale.ROOT, "%.2fW", value / 100.0);
            default -> "reserved";
        };
    }

    /** The workloads that the standard defines, by what they do. */
    private static String workload(int number) {
        return switch (number) {
            case 0 -> "-";
            case 1 -> "1MiB 32 RW, 30s idle";
            case 2 -> "80K 128KiB SW";
            default -> "reserved";
        };
    }

    private static String time(PowerState state, Struct.Field field, int scale) {
        int value = state.getInt(field);
        if (value == 0) {
            return "-";
        }
        return value > MAX_TIME ? "reserved" : "%d (unit: %s)".formatted(value, unit(scale));
    }

    /** Ten to the power of {@code scale} microseconds, in words. */
    private static String unit(int scale) {
        int seconds = 2 * 3;
        if (scale > 2 * seconds) {
            return "Reserved";
        }
        int step = Math.min(scale / 3, 2);
        long number = Math.round(Math.pow(10, scale - 3.0 * step));
        return String.format(Locale.ROOT, "%,d %s%s", number, UNITS[step], number == 1 ? "" : "s");
    }

    /** The members of a state. */
    static JsonObject json(PowerState state) {
        int flags = state.getInt(PowerState.FLAGS);
        int scales = state.getInt(PowerState.TIME_SCALES);
        int active = state.getInt(PowerState.APWS);
        JsonObject json = new JsonObject();
        json.addProperty("max_power", state.get(PowerState.MP));
        json.addProperty("max_power_scale", PowerState.MAX_POWER_SCALE.of(flags));
        json.addProperty("non-operational_state", PowerState.NON_OPERATIONAL.of(flags));
        json.addProperty("entry_lat", state.get(PowerState.ENLAT));
        json.addProperty("exit_lat", state.get(PowerState.EXLAT));
        json.addProperty("read_tput", state.get(PowerState.RRT));
        json.addProperty("read_lat", state.get(PowerState.RRL));
        json.addProperty("write_tput", state.get(PowerState.RWT));
        json.addProperty("write_lat", state.get(PowerState.RWL));
        json.addProperty("idle_power", state.get(PowerState.IDLP));
        json.addProperty("idle_scale", PowerState.SCALE.of(state.get(PowerState.IPS)));
        json.addProperty("active_power", state.get(PowerState.ACTP));
        json.addProperty("active_power_work", PowerState.WORKLOAD.of(active));
        json.addProperty("active_scale", PowerState.SCALE.of(active));
        json.addProperty("emerg_power_fail_recover_time", state.get(PowerState.EPFRT));
        json.addProperty("emerg_power_fail_recover_scale", PowerState.RECOVERY_SCALE.of(scales));
        json.addProperty("force_quiesce_vault_time", state.get(PowerState.FQVT));
        json.addProperty("force_quiesce_vault_scale", PowerState.QUIESCENCE_SCALE.of(scales));
        json.addProperty("emerg_power_fail_vault_time", state.get(PowerState.EPFVT));
        json.addProperty("emerg_power_fail_vault_scale", vaultScale(state));
        return json;
    }
}
