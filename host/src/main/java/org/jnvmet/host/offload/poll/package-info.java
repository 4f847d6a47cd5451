/** The offload device {@code poll}: threads of its own that look at their sockets all the time. */
@NullMarked
package org.jnvmet.host.offload.poll;

import org.jspecify.annotations.NullMarked;
