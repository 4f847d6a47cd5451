/**
 * The NVMe/TCP offload layer: a transport that gives whole queues to devices. The layer, with the host
 * above it, does everything of a controller; a device does nothing but its queues.
 */
@NullMarked
package org.jnvmet.host.offload;

import org.jspecify.annotations.NullMarked;
