/** What the commands share: failures, verbosity, signals, sizes. */
@NullMarked
package org.jnvmet.app.console;

import org.jspecify.annotations.NullMarked;
