/** What the transports over a network share: event loops, and where a port listens. */
@NullMarked
package org.jnvmet.transport;

import org.jspecify.annotations.NullMarked;
