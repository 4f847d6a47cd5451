/** NVMe/TCP transport on Netty's event loops. */
@NullMarked
package org.jnvmet.transport.tcp;

import org.jspecify.annotations.NullMarked;
