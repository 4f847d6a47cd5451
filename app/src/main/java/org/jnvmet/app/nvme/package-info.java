/** The host's commands, in the habits of nvme-cli: discover, identify, list, health, read and write. */
@NullMarked
package org.jnvmet.app.nvme;

import org.jspecify.annotations.NullMarked;
