/** {@code jnvmet bench}: a load generator over the host library, with the options and the reports of fio. */
@NullMarked
package org.jnvmet.app.bench;

import org.jspecify.annotations.NullMarked;
