/** The seams: what transports, backends, loops and buffer sources implement or call. */
@NullMarked
package org.jnvmet.target.spi;

import org.jspecify.annotations.NullMarked;
