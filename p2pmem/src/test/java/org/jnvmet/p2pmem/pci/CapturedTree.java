package org.jnvmet.p2pmem.pci;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/** Writes the listing of a machine's sysfs as directories, files and links. */
final class CapturedTree {
    private CapturedTree() {}

    /** Those of one virtual machine with a switch, under different kernels. */
    static Path write(String kernel, Path root) throws IOException {
        List<String> lines;
        try (InputStream in = CapturedTree.class.getResourceAsStream("sysfs-" + kernel + ".txt")) {
            if (in == null) {
                throw new IOException("there is no listing of " + kernel);
            }
            lines = new String(in.readAllBytes(), StandardCharsets.US_ASCII).lines().toList();
        }
        Map<Path, byte[]> spaces = new HashMap<>();
        byte[] bytes = {};
        for (String line : lines) {
            String[] fields = line.split(" ", 3);
            switch (fields[0]) {
                case "#" -> {}
                case "l" ->
                        Files.createSymbolicLink(made(root.resolve(fields[1])), Path.of(fields[2]));
                case "t" -> {
                    String text = fields.length == 3 ? fields[2] : "";
                    Files.writeString(
                            made(root.resolve(fields[1])),
                            text.replace("\\t", "\t").replace("\\n", "\n") + "\n",
                            StandardOpenOption.CREATE,
                            StandardOpenOption.APPEND);
                }
                case "h" -> {
                    bytes = new byte[Integer.parseInt(fields[2])];
                    spaces.put(made(root.resolve(fields[1])), bytes);
                }
                default -> {
                    byte[] some = HexFormat.of().parseHex(fields[1]);
                    System.arraycopy(some, 0, bytes, Integer.parseInt(fields[0], 16), some.length);
                }
            }
        }
        for (Map.Entry<Path, byte[]> space : spaces.entrySet()) {
            Files.write(space.getKey(), space.getValue());
        }
        return root;
    }

    private static Path made(Path file) throws IOException {
        Path directory = file.getParent();
        if (directory != null) {
            Files.createDirectories(directory);
        }
        return file;
    }
}
