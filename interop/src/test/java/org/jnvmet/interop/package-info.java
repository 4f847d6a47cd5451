/** jnvmet as a whole, a real process, against real hosts and the tools that people use. */
@NullMarked
package org.jnvmet.interop;

import org.jspecify.annotations.NullMarked;
