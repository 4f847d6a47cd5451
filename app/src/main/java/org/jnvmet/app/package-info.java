/** Command line and wiring. */
@NullMarked
package org.jnvmet.app;

import org.jspecify.annotations.NullMarked;
