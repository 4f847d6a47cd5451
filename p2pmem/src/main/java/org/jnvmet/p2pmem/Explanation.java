package org.jnvmet.p2pmem;

import org.jnvmet.p2pmem.pci.Choice;

/**
 * A decision and its reasons.
 *
 * @param subject whose: "port 1", "namespace 2 of nqn... on port 1"
 * @param setting the attribute and its value: "allow_p2pmem=1"
 * @param choice candidates, clients and ways
 * @param outcome one sentence: what is done, with the result of the self-check
 */
public record Explanation(String subject, String setting, Choice choice, String outcome) {}
