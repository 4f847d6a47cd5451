package org.jnvmet.testkit;

import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Assumptions;

/** What a test needs from the machine. A missing need skips with its reason; under CI=true it fails. */
public final class Need {
    private Need() {}

    /** Goes on only if the machine has what {@code reason} names. */
    public static void that(boolean present, String reason) {
        if (!present && "true".equals(System.getenv("CI"))) {
            Assertions.fail("CI must have it all: " + reason);
        }
        Assumptions.assumeTrue(present, reason);
    }

    /** Whether this process is root's. */
    public static boolean isRoot() {
        return "root".equals(System.getProperty("user.name"));
    }
}
