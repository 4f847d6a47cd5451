/** NVMe/RDMA: each queue is a queue pair, with registered memory through which the data of its commands goes. */
@NullMarked
package org.jnvmet.host.rdma;

import org.jspecify.annotations.NullMarked;
