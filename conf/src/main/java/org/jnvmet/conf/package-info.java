/** Saved JSON, journalled state and default configurations, all replayed into the tree. */
@NullMarked
package org.jnvmet.conf;

import org.jspecify.annotations.NullMarked;
