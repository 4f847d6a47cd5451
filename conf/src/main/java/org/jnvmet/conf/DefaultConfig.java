package org.jnvmet.conf;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The embedded configuration: one subsystem with a memory namespace of 1 GiB on 127.0.0.1:4420. */
public final class DefaultConfig {
    private static final String RESOURCE = "default.json";

    private DefaultConfig() {}

    /** Its JSON. */
    public static String json() {
        try (InputStream stream = DefaultConfig.class.getResourceAsStream(RESOURCE)) {
            if (stream == null) {
                throw new IllegalStateException(RESOURCE + " is not on the class path");
            }
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException broken) {
            throw new UncheckedIOException(RESOURCE, broken);
        }
    }
}
