/** The mount: the only user of /dev/fuse; translates errno and nothing else. */
@NullMarked
package org.jnvmet.configfs.fuse;

import org.jspecify.annotations.NullMarked;
