/** RDMA within this process: devices, a network and their faults, for tests. */
@NullMarked
package org.jnvmet.verbs.software;

import org.jspecify.annotations.NullMarked;
