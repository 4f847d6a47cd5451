/** Measurements; never part of the product. */
@NullMarked
package org.jnvmet.benchmarks;

import org.jspecify.annotations.NullMarked;
