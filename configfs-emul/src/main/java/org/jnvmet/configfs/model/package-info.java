/** The nvmet tree: one class per kind of directory, one line per attribute. */
@NullMarked
package org.jnvmet.configfs.model;

import org.jspecify.annotations.NullMarked;
