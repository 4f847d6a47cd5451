package org.jnvmet.conf;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A configuration as a file wishes it.
 *
 * @param image what the file says, and nothing that it leaves to defaults
 * @param keys where in the file each path of the image comes from: {@code ports[0].addr.traddr}
 */
record SavedConfig(TreeImage image, Map<String, String> keys) {
    /** The key that a path comes from; for what the file does not mention, the key of what it is part of. */
    String key(String path) {
        for (String above = path; ; above = TreeImage.parent(above)) {
            @Nullable String key = keys.get(above);
            if (key != null) {
                return above.equals(path) ? key : key + " (" + TreeImage.name(path) + ")";
            }
            if (above.isEmpty()) {
                return path;
            }
        }
    }
}
