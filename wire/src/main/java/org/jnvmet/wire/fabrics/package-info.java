/** Fabrics commands' data: Connect, properties, discovery log. */
@NullMarked
package org.jnvmet.wire.fabrics;

import org.jspecify.annotations.NullMarked;
