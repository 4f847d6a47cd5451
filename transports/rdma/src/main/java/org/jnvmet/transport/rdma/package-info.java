/** NVMe/RDMA. */
@NullMarked
package org.jnvmet.transport.rdma;

import org.jspecify.annotations.NullMarked;
