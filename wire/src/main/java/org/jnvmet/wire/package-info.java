/** The bytes every command and completion shares: entries, descriptors, status codes, opcodes. */
@NullMarked
package org.jnvmet.wire;

import org.jspecify.annotations.NullMarked;
