package org.jnvmet.app.control;

import org.jspecify.annotations.Nullable;

/**
 * Asks why the data of a subsystem's hosts on a port is staged where it is.
 *
 * @param port its number
 * @param subsystem its NQN
 * @param sysfs decide as if this absolute path were the server's sysfs root; null: as it is
 * @param json whether a program will read the answer
 */
public record ExplainRequest(int port, String subsystem, @Nullable String sysfs, boolean json) {}
