package org.jnvmet.app.control;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where the control socket is. */
public final class ControlOption {
    @Option(
            names = "--control",
            paramLabel = "PATH",
            description = {
                "Control socket of the server. Default: jnvmet/control.sock in $XDG_RUNTIME_DIR, or in /run where"
                        + " that is not set."
            })
    private @Nullable Path path;

    /** As not given. */
    public ControlOption() {}

    /** As given. */
    public ControlOption(Path path) {
        this.path = path;
    }

    /** Whether the user said where; else it is no failure when the usual place cannot be had. */
    public boolean isExplicit() {
        return path != null;
    }

    public Path path() {
        if (path != null) {
            return path;
        }
        String runtime = System.getenv("XDG_RUNTIME_DIR");
        return Path.of(
                runtime == null || runtime.isEmpty() ? "/run" : runtime, "jnvmet", "control.sock");
    }
}
