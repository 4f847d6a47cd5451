/** A plain in-memory tree of directories, attributes and links with configfs' rules. */
@NullMarked
package org.jnvmet.configfs.tree;

import org.jspecify.annotations.NullMarked;
