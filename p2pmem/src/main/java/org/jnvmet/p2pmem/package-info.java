/** Staging of I/O data in PCI peer memory: what is decided, why, and what came of it. */
@NullMarked
package org.jnvmet.p2pmem;

import org.jspecify.annotations.NullMarked;
