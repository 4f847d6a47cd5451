package org.jnvmet.app.p2p;

/** How to show what was found out; the names are nvme-cli's. */
enum OutputFormat {
    normal,
    json
}
