package org.jnvmet.app.nvme;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.Struct;
import org.jnvmet.wire.admin.SmartLog;

/**
 * SMART / Health Information as {@code nvme smart-log} shows it.
 *
 * @param device whose it is
 * @param nsid the namespace, all bits set for the controller
 * @param log what the controller said
 */
record SmartReport(String device, int nsid, SmartLog log) implements Report {
    private static final BigDecimal DATA_UNIT_BYTES = BigDecimal.valueOf(512_000);
    private static final int ZERO_CELSIUS = 273;
    private static final int SENSOR_STRIDE = 2;
    private static final List<Line> LINES = lines();

    /** How people see a value. */
    private enum Shape {
        BITS,
        COUNT,
        PERCENT,
        DATA_UNITS,
        TEMPERATURE,
        /** A temperature that is not shown where it is 0: there is no such sensor. */
        SENSOR
    }

    private record Line(String label, String key, Struct.Field field, Shape shape) {
        String value(SmartLog log) {
            BigInteger value = log.unsigned(field);
            return switch (shape) {
                case BITS -> FieldTable.hexadecimal(value.longValue());
                case COUNT -> value.toString();
                case PERCENT -> value + "%";
                case DATA_UNITS ->
                        value
                                + " ("
                                + DecimalSize.of(new BigDecimal(value).multiply(DATA_UNIT_BYTES))
                                + ")";
                case TEMPERATURE, SENSOR ->
                        "%d °C (%d K)".formatted(value.intValue() - ZERO_CELSIUS, value.intValue());
            };
        }

        boolean applies(SmartLog log) {
            return shape != Shape.SENSOR || log.get(field) != 0;
        }
    }

    private static List<Line> lines() {
        List<Line> lines = new ArrayList<>();
        addHealth(lines);
        addUsage(lines);
        addTemperatures(lines);
        return lines;
    }

    private static void add(
            List<Line> lines, Shape shape, String label, String key, Struct.Field field) {
        lines.add(new Line(label, key, field, shape));
    }

    private static void addHealth(List<Line> lines) {
        add(
                lines,
                Shape.BITS,
                "critical_warning\t\t\t",
                "critical_warning",
                SmartLog.CRITICAL_WARNING);
        add(lines, Shape.TEMPERATURE, "temperature\t\t\t\t", "temperature", SmartLog.TEMPERATURE);
        add(
                lines,
                Shape.PERCENT,
                "available_spare\t\t\t\t",
                "avail_spare",
                SmartLog.AVAILABLE_SPARE);
        add(
                lines,
                Shape.PERCENT,
                "available_spare_threshold\t\t",
                "spare_thresh",
                SmartLog.AVAILABLE_SPARE_THRESHOLD);
        add(
                lines,
                Shape.PERCENT,
                "percentage_used\t\t\t\t",
                "percent_used",
                SmartLog.PERCENTAGE_USED);
        add(
                lines,
                Shape.BITS,
                "endurance group critical warning summary",
                "endurance_grp_critical_warning_summary",
                SmartLog.ENDURANCE_GROUP_WARNING);
        add(
                lines,
                Shape.DATA_UNITS,
                "Data Units Read\t\t\t\t",
                "data_units_read",
                SmartLog.DATA_UNITS_READ);
        add(
                lines,
                Shape.DATA_UNITS,
                "Data Units Written\t\t\t",
                "data_units_written",
                SmartLog.DATA_UNITS_WRITTEN);
    }

    private static void addUsage(List<Line> lines) {
        add(
                lines,
                Shape.COUNT,
                "host_read_commands\t\t\t",
                "host_read_commands",
                SmartLog.HOST_READS);
        add(
                lines,
                Shape.COUNT,
                "host_write_commands\t\t\t",
                "host_write_commands",
                SmartLog.HOST_WRITES);
        add(
                lines,
                Shape.COUNT,
                "controller_busy_time\t\t\t",
                "controller_busy_time",
                SmartLog.BUSY_MINUTES);
        add(lines, Shape.COUNT, "power_cycles\t\t\t\t", "power_cycles", SmartLog.POWER_CYCLES);
        add(
                lines,
                Shape.COUNT,
                "power_on_hours\t\t\t\t",
                "power_on_hours",
                SmartLog.POWER_ON_HOURS);
        add(
                lines,
                Shape.COUNT,
                "unsafe_shutdowns\t\t\t",
                "unsafe_shutdowns",
                SmartLog.UNSAFE_SHUTDOWNS);
        add(lines, Shape.COUNT, "media_errors\t\t\t\t", "media_errors", SmartLog.MEDIA_ERRORS);
        add(
                lines,
                Shape.COUNT,
                "num_err_log_entries\t\t\t",
                "num_err_log_entries",
                SmartLog.ERROR_LOG_ENTRIES);
    }

    private static void addTemperatures(List<Line> lines) {
        add(
                lines,
                Shape.COUNT,
                "Warning Temperature Time\t\t",
                "warning_temp_time",
                SmartLog.WARNING_TEMPERATURE_MINUTES);
        add(
                lines,
                Shape.COUNT,
                "Critical Composite Temperature Time\t",
                "critical_comp_time",
                SmartLog.CRITICAL_TEMPERATURE_MINUTES);
        for (int index = 0; index < SmartLog.SENSORS; index++) {
            int number = index + 1;
            String label = "Temperature Sensor " + number + "\t\t\t";
            Struct.Field sensor = SmartLog.SENSOR1.element(index, SENSOR_STRIDE);
            add(lines, Shape.SENSOR, label, "temperature_sensor_" + number, sensor);
        }
        add(
                lines,
                Shape.COUNT,
                "Thermal Management T1 Trans Count\t",
                "thm_temp1_trans_count",
                SmartLog.MANAGEMENT1_COUNT);
        add(
                lines,
                Shape.COUNT,
                "Thermal Management T2 Trans Count\t",
                "thm_temp2_trans_count",
                SmartLog.MANAGEMENT2_COUNT);
        add(
                lines,
                Shape.COUNT,
                "Thermal Management T1 Total Time\t",
                "thm_temp1_total_time",
                SmartLog.MANAGEMENT1_SECONDS);
        add(
                lines,
                Shape.COUNT,
                "Thermal Management T2 Total Time\t",
                "thm_temp2_total_time",
                SmartLog.MANAGEMENT2_SECONDS);
    }

    @Override
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append("Smart Log for NVME device:%s namespace-id:%x%n".formatted(device, nsid));
        for (Line line : LINES) {
            if (line.applies(log)) {
                text.append("%s: %s%n".formatted(line.label, line.value(log)));
            }
        }
        return text.toString();
    }

    @Override
    public JsonObject json() {
        JsonObject json = new JsonObject();
        for (Line line : LINES) {
            if (line.applies(log)) {
                json.add(line.key, new JsonPrimitive(log.unsigned(line.field)));
            }
        }
        return json;
    }
}
