/** NVMe/TCP PDUs, digests and fatal errors. */
@NullMarked
package org.jnvmet.wire.tcp;

import org.jspecify.annotations.NullMarked;
