/** How a command line talks to the running server: a Unix-domain socket, a line of JSON each way. */
@NullMarked
package org.jnvmet.app.control;

import org.jspecify.annotations.NullMarked;
