/** The NVMe/TCP transport of the host: one socket for each queue. */
@NullMarked
package org.jnvmet.host.tcp;

import org.jspecify.annotations.NullMarked;
