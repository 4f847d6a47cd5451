package org.jnvmet.conf;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;
import org.jnvmet.configfs.tree.Change;
import org.jspecify.annotations.Nullable;

/**
 * One line of a state file: changes that took effect together, as {@code CRC [[what, path, value], ...]} where CRC is
 * the CRC-32C of the rest in eight hexadecimal digits. A line is there as a whole or not at all.
 */
final class StateLine {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();
    private static final int CRC_DIGITS = 8;

    private StateLine() {}

    static byte[] encode(List<Change> changes) {
        JsonArray line = new JsonArray();
        changes.forEach(change -> line.add(encode(change)));
        byte[] text = GSON.toJson(line).getBytes(StandardCharsets.UTF_8);
        byte[] head = (crc(text, 0) + " ").getBytes(StandardCharsets.US_ASCII);
        byte[] bytes = new byte[head.length + text.length + 1];
        System.arraycopy(head, 0, bytes, 0, head.length);
        System.arraycopy(text, 0, bytes, head.length, text.length);
        bytes[bytes.length - 1] = '\n';
        return bytes;
    }

    private static JsonArray encode(Change change) {
        return switch (change) {
            case Change.Mkdir mkdir -> array("mkdir", mkdir.path());
            case Change.Rmdir rmdir -> array("rmdir", rmdir.path());
            case Change.Write write -> array("write", write.path(), write.value());
            case Change.Symlink link -> array("symlink", link.path(), link.target());
            case Change.Unlink unlink -> array("unlink", unlink.path());
        };
    }

    private static JsonArray array(String... words) {
        JsonArray array = new JsonArray();
        for (String word : words) {
            array.add(word);
        }
        return array;
    }

    /** The changes of a line without its newline, or null when the line is damaged. */
    static @Nullable List<Change> decode(byte[] line) {
        if (line.length < CRC_DIGITS + 1 || line[CRC_DIGITS] != ' ') {
            return null;
        }
        String crc = new String(line, 0, CRC_DIGITS, StandardCharsets.US_ASCII);
        if (!crc.equals(crc(line, CRC_DIGITS + 1))) {
            return null;
        }
        try {
            String text =
                    new String(
                            line,
                            CRC_DIGITS + 1,
                            line.length - CRC_DIGITS - 1,
                            StandardCharsets.UTF_8);
            List<Change> changes = new ArrayList<>();
            for (JsonElement change : JsonParser.parseString(text).getAsJsonArray()) {
                changes.add(decode(change.getAsJsonArray()));
            }
            return changes;
        } catch (JsonParseException | IllegalStateException | IndexOutOfBoundsException foreign) {
            return null;
        }
    }

    private static Change decode(JsonArray words) {
        String path = words.get(1).getAsString();
        return switch (words.get(0).getAsString()) {
            case "mkdir" -> new Change.Mkdir(path);
            case "rmdir" -> new Change.Rmdir(path);
            case "write" -> new Change.Write(path, words.get(2).getAsString());
            case "symlink" -> new Change.Symlink(path, words.get(2).getAsString());
            case "unlink" -> new Change.Unlink(path);
            default -> throw new JsonParseException("unknown change");
        };
    }

    private static String crc(byte[] bytes, int from) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, from, bytes.length - from);
        return HexFormat.of().toHexDigits((int) crc.getValue());
    }
}
