package org.jnvmet.app.nvme;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jnvmet.wire.Struct;

/**
 * The fields of a structure as they are shown, in this order: one line of the table says both how people and how
 * programs see a field.
 *
 * @param <S> the structure
 */
final class FieldTable<S extends Struct<S>> {
    private final String line;
    private final List<Row<S>> rows = new ArrayList<>();
    private Predicate<S> condition = _ -> true;

    private record Row<S>(
            String name,
            Predicate<S> condition,
            Function<S, String> text,
            Function<S, JsonElement> json) {}

    /** Whose names take {@code width} columns. */
    FieldTable(int width) {
        line = "%-" + width + "s: %s%n";
    }

    private FieldTable<S> row(
            String name, Function<S, String> text, Function<S, JsonElement> json) {
        rows.add(new Row<>(name, condition, text, json));
        return this;
    }

    /** What follows is shown only of structures like this. */
    FieldTable<S> when(Predicate<S> met) {
        condition = met;
        return this;
    }

    /** What follows is shown always. */
    FieldTable<S> always() {
        return when(_ -> true);
    }

    /** Bits: hexadecimal for people. */
    FieldTable<S> bits(String name, Struct.Field field) {
        return row(
                name,
                struct -> hexadecimal(struct.get(field)),
                struct -> new JsonPrimitive(struct.unsigned(field)));
    }

    /** A number of something. */
    FieldTable<S> count(String name, Struct.Field field) {
        return row(
                name,
                struct -> struct.unsigned(field).toString(),
                struct -> new JsonPrimitive(struct.unsigned(field)));
    }

    /** A text with the blanks that pad it. */
    FieldTable<S> padded(String name, Struct.Text text) {
        String format = "%-" + text.bytes() + "s";
        return row(
                name,
                struct -> format.formatted(struct.get(text)),
                struct -> new JsonPrimitive(format.formatted(struct.get(text))));
    }

    /** A text without padding. */
    FieldTable<S> text(String name, Struct.Text text) {
        return row(name, struct -> struct.get(text), struct -> new JsonPrimitive(struct.get(text)));
    }

    /** An organizationally unique identifier: three bytes, least significant first. */
    FieldTable<S> oui(String name, Struct.Raw raw) {
        return row(
                name,
                struct -> "%06x".formatted(oui(struct.get(raw))),
                struct -> new JsonPrimitive(oui(struct.get(raw))));
    }

    /** An identifier in the form of a UUID. */
    FieldTable<S> uuid(String name, Struct.Raw raw) {
        Function<S, UUID> value = struct -> struct.uuid(raw);
        return row(
                name,
                value.andThen(UUID::toString),
                value.andThen(uuid -> new JsonPrimitive(uuid.toString())));
    }

    /** An identifier as plain hexadecimal digits. */
    FieldTable<S> digits(String name, Struct.Raw raw) {
        Function<S, String> value = struct -> java.util.HexFormat.of().formatHex(struct.get(raw));
        return row(name, value, value.andThen(JsonPrimitive::new));
    }

    private static int oui(byte[] bytes) {
        return (bytes[2] & 0xff) << 16 | (bytes[1] & 0xff) << 8 | (bytes[0] & 0xff);
    }

    /** Zero is plain, all else begins with 0x. */
    static String hexadecimal(long value) {
        return value == 0 ? "0" : "0x" + Long.toHexString(value);
    }

    /** The lines of a structure. */
    String text(S struct) {
        StringBuilder lines = new StringBuilder();
        for (Row<S> row : rows) {
            if (row.condition.test(struct)) {
                lines.append(line.formatted(row.name, row.text.apply(struct)));
            }
        }
        return lines.toString();
    }

    /** The members of a structure. */
    JsonObject json(S struct) {
        JsonObject object = new JsonObject();
        for (Row<S> row : rows) {
            if (row.condition.test(struct)) {
                object.add(row.name, row.json.apply(struct));
            }
        }
        return object;
    }
}
