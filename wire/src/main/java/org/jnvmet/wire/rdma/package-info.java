/** What NVMe/RDMA says beside capsules: the private data of the connection manager's messages. */
@NullMarked
package org.jnvmet.wire.rdma;

import org.jspecify.annotations.NullMarked;
