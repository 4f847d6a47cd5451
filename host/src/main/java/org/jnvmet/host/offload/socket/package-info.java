/**
 * What offload devices that use the kernel's TCP sockets have in common: finding the way, connecting,
 * and threads that serve queues.
 */
@NullMarked
package org.jnvmet.host.offload.socket;

import org.jspecify.annotations.NullMarked;
