/** Data structures of the admin command set: Identify, log pages, features. */
@NullMarked
package org.jnvmet.wire.admin;

import org.jspecify.annotations.NullMarked;
