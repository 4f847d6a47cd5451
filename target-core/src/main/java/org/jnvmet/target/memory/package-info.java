/** System memory for the data of commands: one bounded pool for each loop. */
@NullMarked
package org.jnvmet.target.memory;

import org.jspecify.annotations.NullMarked;
