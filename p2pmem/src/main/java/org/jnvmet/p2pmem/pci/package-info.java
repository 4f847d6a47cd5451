/** The PCI topology as sysfs shows it, and what follows from it: distances, map types, the nearest provider. */
@NullMarked
package org.jnvmet.p2pmem.pci;

import org.jspecify.annotations.NullMarked;
