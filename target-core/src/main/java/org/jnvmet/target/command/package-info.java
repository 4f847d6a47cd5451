/** Commands: parse and execute, one class per command set. */
@NullMarked
package org.jnvmet.target.command;

import org.jspecify.annotations.NullMarked;
