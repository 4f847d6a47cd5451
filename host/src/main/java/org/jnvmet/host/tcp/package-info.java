/**
 * NVMe/TCP for the host: the protocol of a queue without any input or output ({@link
 * org.jnvmet.host.tcp.TcpQueue}), for whoever drives a socket, and the transport {@code tcp}, which
 * does so with Netty's event loops.
 */
@NullMarked
package org.jnvmet.host.tcp;

import org.jspecify.annotations.NullMarked;
