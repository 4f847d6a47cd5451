/** The offload device {@code io_uring}: queues on kernel sockets, driven through a ring for each thread. */
@NullMarked
package org.jnvmet.host.offload.uring;

import org.jspecify.annotations.NullMarked;
