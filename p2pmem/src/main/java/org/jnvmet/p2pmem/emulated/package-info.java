/** Writes directories that look like sysfs: machines with PCI peer memory for demonstrations and tests. */
@NullMarked
package org.jnvmet.p2pmem.emulated;

import org.jspecify.annotations.NullMarked;
