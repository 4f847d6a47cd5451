package org.jnvmet.target.backend;

import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.FileStatus;
import org.jnvmet.target.spi.Backend;
import org.jnvmet.target.spi.BackendFactory;

/**
 * The media that this target knows, by the text of {@code device_path}: {@code mem:SIZE}, {@code
 * null:SIZE}, and everything else is the path of a file or block device. Any thread.
 */
public final class Backends implements BackendFactory {
    private static final String MEMORY = "mem:";
    private static final String NULL = "null:";

    private final IoWorkers workers;

    /** {@code workers} run what cannot run on an event loop; the caller closes them after all media. */
    public Backends(IoWorkers workers) {
        this.workers = workers;
    }

    /**
     * Opens the medium.
     *
     * @throws ConfigException with the errno of the failure and a sentence that names the path
     */
    @Override
    public Backend open(String path, boolean buffered) {
        if (path.startsWith(MEMORY)) {
            return new MemoryBackend(VolatileSize.parse(path, MEMORY.length()), workers);
        }
        if (path.startsWith(NULL)) {
            return new NullBackend(VolatileSize.parse(path, NULL.length()));
        }
        OpenFile file = OpenFile.open(path, buffered);
        return file.status().kind() == FileStatus.Kind.BLOCK_DEVICE
                ? BlockDeviceBackend.of(file, workers)
                : FileBackend.of(file, workers);
    }
}
