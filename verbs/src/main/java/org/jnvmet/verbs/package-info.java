/**
 * RDMA as this project sees it: DiSNI's types, and what they lack. {@code org.jnvmet.verbs.linux} has the
 * provider over rdma-core.
 */
@NullMarked
package org.jnvmet.verbs;

import org.jspecify.annotations.NullMarked;
