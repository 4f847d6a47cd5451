/** In-process transport. */
@NullMarked
package org.jnvmet.transport.loop;

import org.jspecify.annotations.NullMarked;
