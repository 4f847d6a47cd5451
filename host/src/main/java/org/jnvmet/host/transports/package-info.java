/** The transports and offload devices that come with the host, put together. */
@NullMarked
package org.jnvmet.host.transports;

import org.jspecify.annotations.NullMarked;
