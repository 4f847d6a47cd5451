package org.jnvmet.target;

import java.util.UUID;

/**
 * Who a host says it is in Connect.
 *
 * @param nqn its name
 * @param id its 128-bit identifier, in the order of the wire
 */
public record HostIdentity(String nqn, UUID id) {}
