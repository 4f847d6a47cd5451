package org.jnvmet.p2pmem.pci;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which provider serves a set of clients, and why.
 *
 * @param clients all of them, also those that cannot be clients
 * @param candidates every published provider, in the order of enumeration
 * @param chosen one of the candidates; null: there is none
 * @param verdict one sentence
 */
public record Choice(
        List<Client> clients,
        List<Candidate> candidates,
        @Nullable Candidate chosen,
        String verdict) {}
