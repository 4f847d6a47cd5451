/** Peer memory itself: providers, their mappings, and pools that lend buffers to loops. */
@NullMarked
package org.jnvmet.p2pmem.pool;

import org.jspecify.annotations.NullMarked;
