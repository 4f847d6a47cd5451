package org.jnvmet.app.console;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Option;

/** How much is logged; also by the environment variable JNVMET_LOG. */
public final class Verbosity {
    private static final String ENVIRONMENT = "JNVMET_LOG";

    private final Level usual;

    @Option(
            names = {"-v", "--verbose"},
            description =
                    "Log details too; twice: everything. The environment variable JNVMET_LOG=LEVEL does the same.")
    private boolean[] verbose = {};

    /** What is logged when nobody says anything. */
    public Verbosity(Level usual) {
        this.usual = usual;
    }

    public void apply() {
        if (LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
            root.setLevel(level());
        }
    }

    private Level level() {
        return switch (verbose.length) {
            case 0 -> Level.toLevel(System.getenv(ENVIRONMENT), usual);
            case 1 -> Level.DEBUG;
            default -> Level.TRACE;
        };
    }
}
