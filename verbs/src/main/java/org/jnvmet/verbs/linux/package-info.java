/**
 * RDMA over rdma-core: librdmacm and libibverbs are called by the JDK's Foreign Function and Memory API.
 * Nothing is compiled, and nothing of DiSNI's native part is needed.
 */
@NullMarked
package org.jnvmet.verbs.linux;

import org.jspecify.annotations.NullMarked;
