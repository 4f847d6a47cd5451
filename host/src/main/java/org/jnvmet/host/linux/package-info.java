/**
 * System calls of Linux that the offload devices need, and only they: sockets, waiting, memory and
 * io_uring. The one package of the host that calls native code.
 */
@NullMarked
package org.jnvmet.host.linux;

import org.jspecify.annotations.NullMarked;
