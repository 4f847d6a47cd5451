/** What queues over event loops share, whatever their protocol: their threads, and who may work on them. */
@NullMarked
package org.jnvmet.host.queue;

import org.jspecify.annotations.NullMarked;
