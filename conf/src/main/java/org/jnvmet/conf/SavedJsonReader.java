package org.jnvmet.conf;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.EOFException;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * Reads nvmetcli's JSON strictly: what it does not understand it refuses, with the key. Whether a value is right is
 * for the tree to say.
 */
final class SavedJsonReader {
    /**
     * Attributes of Linux that this target does not have, with the value that turns them off: nvmetcli saves them
     * always, and a file from there must be welcome here.
     */
    private static final Map<String, String> TURNED_OFF =
            Map.of(
                    "resv_enable", "0",
                    "attr_pi_enable", "0",
                    "param_pi_enable", "0",
                    "dhchap_key", "",
                    "dhchap_ctrl_key", "",
                    "dhchap_hash", "hmac(sha256)",
                    "dhchap_dhgroup", "null");

    private final TreeImage image = new TreeImage();
    private final Map<String, String> keys = new HashMap<>();
    private final JsonReader json;

    private SavedJsonReader(String text) {
        json = new JsonReader(new StringReader(text));
        json.setStrictness(Strictness.STRICT);
    }

    /** The configuration in {@code text}. */
    static SavedConfig read(String text) {
        return new SavedJsonReader(text).read();
    }

    private SavedConfig read() {
        try {
            if (json.peek() != JsonToken.BEGIN_OBJECT) {
                throw new ConfigFileException(
                        "", "a configuration is a JSON object, not " + described());
            }
            Item root = item(Shape.ROOT);
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new ConfigFileException(
                        "", "there is something after the end of the JSON object");
            }
            place(root, "");
            return new SavedConfig(image, keys);
        } catch (EOFException end) {
            throw new ConfigFileException("", "the JSON text ends too early");
        } catch (MalformedJsonException | NumberFormatException | IllegalStateException malformed) {
            throw new ConfigFileException("", "no JSON: " + reason(malformed));
        } catch (IOException impossible) {
            throw new ConfigFileException("", String.valueOf(impossible.getMessage()));
        }
    }

    private static String reason(Exception malformed) {
        String message =
                String.valueOf(malformed.getMessage()).lines().findFirst().orElse("malformed");
        return message.replace(
                "Use JsonReader.setStrictness(Strictness.LENIENT) to accept malformed JSON",
                "malformed");
    }

    /** One object as it was read; its name may stand anywhere in it. */
    private static final class Item {
        final String key;
        final Shape shape;
        String name = "";
        String nameKey = "";
        final Map<String, Value> settings = new LinkedHashMap<>();
        final Map<String, Map<String, Item>> lists = new LinkedHashMap<>();
        final Map<String, Map<String, String>> links = new LinkedHashMap<>();

        Item(String key, Shape shape) {
            this.key = key;
            this.shape = shape;
        }
    }

    /** A value and where it stands. */
    private record Value(String key, String text) {}

    private Item item(Shape shape) throws IOException {
        if (json.peek() != JsonToken.BEGIN_OBJECT) {
            throw refusal("must be an object, not " + described());
        }
        Item item = new Item(key(), shape);
        Set<String> seen = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String name = nextName(seen);
            if (name.equals(shape.id())) {
                item.nameKey = key();
                item.name = name();
            } else if (shape.lists().containsKey(name)) {
                item.lists.put(name, items(shape.lists().get(name)));
            } else if (shape.links().containsKey(name)) {
                item.links.put(name, names());
            } else if (shape.prefixes().contains(name) && json.peek() == JsonToken.BEGIN_OBJECT) {
                group(item, name);
            } else {
                // The plain form comes last in nvmetcli's order of restoring, so it wins over the
                // grouped one.
                item.settings.put(name, new Value(key(), scalar()));
            }
        }
        json.endObject();
        if (!shape.id().isEmpty() && item.name.isEmpty()) {
            throw new ConfigFileException(item.key, "has no \"" + shape.id() + "\"");
        }
        return item;
    }

    private String nextName(Set<String> seen) throws IOException {
        String name = json.nextName();
        if (!seen.add(name)) {
            throw refusal("is there twice");
        }
        return name;
    }

    private Map<String, Item> items(Shape shape) throws IOException {
        Map<String, Item> items = new LinkedHashMap<>();
        beginArray();
        while (json.hasNext()) {
            Item item = item(shape);
            Item before = items.putIfAbsent(item.name, item);
            if (before != null) {
                throw new ConfigFileException(
                        item.nameKey,
                        "\"" + item.name + "\" is there twice, first at " + before.key);
            }
        }
        json.endArray();
        return items;
    }

    private Map<String, String> names() throws IOException {
        Map<String, String> names = new LinkedHashMap<>();
        beginArray();
        while (json.hasNext()) {
            String key = key();
            String name = name();
            if (names.putIfAbsent(name, key) != null) {
                throw new ConfigFileException(key, "\"" + name + "\" is there twice");
            }
        }
        json.endArray();
        return names;
    }

    private void beginArray() throws IOException {
        if (json.peek() != JsonToken.BEGIN_ARRAY) {
            throw refusal("must be a list, not " + described());
        }
        json.beginArray();
    }

    private void group(Item item, String prefix) throws IOException {
        Set<String> seen = new HashSet<>();
        json.beginObject();
        while (json.hasNext()) {
            String name = nextName(seen);
            Value value = new Value(key(), scalar());
            item.settings.putIfAbsent(prefix + "_" + name, value);
        }
        json.endObject();
    }

    /** The name of a directory: a string or a number that can be one. */
    private String name() throws IOException {
        String key = key();
        JsonToken token = json.peek();
        if (token != JsonToken.STRING && token != JsonToken.NUMBER) {
            throw refusal("must be a name, not " + described());
        }
        String name = json.nextString();
        if (name.isEmpty()
                || name.contains("/")
                || name.indexOf('\0') >= 0
                || name.equals(".")
                || name.equals("..")) {
            throw new ConfigFileException(key, "\"" + name + "\" cannot be a name");
        }
        return name;
    }

    private String scalar() throws IOException {
        return switch (json.peek()) {
            case STRING, NUMBER -> json.nextString();
            case BOOLEAN -> json.nextBoolean() ? "1" : "0";
            default ->
                    throw refusal(
                            "must be a string, a number or a truth value, not " + described());
        };
    }

    private String described() throws IOException {
        return switch (json.peek()) {
            case BEGIN_ARRAY -> "a list";
            case BEGIN_OBJECT -> "an object";
            case STRING -> "a string";
            case NUMBER -> "a number";
            case BOOLEAN -> "a truth value";
            case NULL -> "null";
            default -> "nothing";
        };
    }

    private ConfigFileException refusal(String why) {
        return new ConfigFileException(key(), why);
    }

    /** Where the reader stands, as people write it. */
    private String key() {
        String path = json.getPath();
        return path.startsWith("$.") ? path.substring(2) : path.substring(1);
    }

    private void place(Item item, String path) {
        image.directory(path);
        keys.put(path, item.key);
        item.settings.forEach((attribute, value) -> {
            if (value.text.equals(TURNED_OFF.get(attribute))) {
                return;
            }
            image.setting(path, attribute, value.text);
            keys.put(TreeImage.below(path, attribute), value.key);
        });
        item.lists.forEach((group, items) -> {
            String above = TreeImage.below(path, group);
            items.forEach((name, below) -> place(below, TreeImage.below(above, name)));
        });
        item.links.forEach((group, names) -> {
            String above = TreeImage.below(path, group);
            String targets = item.shape.links().getOrDefault(group, "");
            names.forEach((name, key) -> {
                image.link(TreeImage.below(above, name), TreeImage.below(targets, name));
                keys.put(TreeImage.below(above, name), key);
            });
        });
    }
}
