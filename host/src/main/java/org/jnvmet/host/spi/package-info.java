/** The seams of the host: what a transport has to do for it, and what it tells the host. */
@NullMarked
package org.jnvmet.host.spi;

import org.jspecify.annotations.NullMarked;
