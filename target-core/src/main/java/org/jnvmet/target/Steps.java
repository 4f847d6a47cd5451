package org.jnvmet.target;

import org.jnvmet.wire.Status;

/** A command of many steps, and what it holds beyond its namespace and its buffer. Owner loop. */
public interface Steps {
    /** The host is gone, or wants the command aborted: end it at the next step. Perhaps again and again. */
    void stop(Status why);

    /** The command has ended, whatever way. Once. */
    void release();
}
