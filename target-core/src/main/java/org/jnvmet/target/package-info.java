/** The nouns of the target: Target, Subsystem, Namespace, Port, Host, Controller, Queue. */
@NullMarked
package org.jnvmet.target;

import org.jspecify.annotations.NullMarked;
