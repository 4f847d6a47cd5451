/** NVMe-oF host library: connects controllers and runs commands on their queues. */
@NullMarked
package org.jnvmet.host;

import org.jspecify.annotations.NullMarked;
