package org.jnvmet.target.spi;

import org.jspecify.annotations.Nullable;

/** Opens media by the text of a namespace's {@code device_path}. */
public interface BackendFactory {
    /**
     * Opens the medium, or returns null when this factory does not know that kind of path.
     *
     * @param buffered whether files use the page cache ({@code buffered_io})
     * @throws org.jnvmet.target.ConfigException with the errno of the failure (ENOENT, EACCES, EROFS,
     *     EISDIR, EINVAL ...) and a sentence that names the path
     */
    @Nullable Backend open(String path, boolean buffered);
}
