/** The commands about peer memory: what the machine has, and why it is used or not. */
@NullMarked
package org.jnvmet.app.p2p;

import org.jspecify.annotations.NullMarked;
