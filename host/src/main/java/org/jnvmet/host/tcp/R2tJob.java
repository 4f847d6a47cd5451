package org.jnvmet.host.tcp;

/**
 * Data that the controller asked for.
 *
 * @param transferTag TTAG of the R2T, repeated in each PDU
 * @param offset first byte, within the command's data
 * @param length number of bytes
 */
record R2tJob(int transferTag, int offset, int length) {}
