/** Media behind namespaces: files, block devices, memory, null. */
@NullMarked
package org.jnvmet.target.backend;

import org.jspecify.annotations.NullMarked;
