/** The core's native calls: one class per library, errno as a type. */
@NullMarked
package org.jnvmet.target.posix;

import org.jspecify.annotations.NullMarked;
