package org.jnvmet.conf;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** The picture that {@code config ls} draws. */
final class TreeListingTest {
    @Test
    void drawsTheTreeAsNvmetcliDoes() {
        try (NvmetFixture target = new NvmetFixture()) {
            new Transaction(NvmetFixture::new)
                    .restore(
                            """
                            {"hosts": [{"nqn": "h"}], "ports": [{"portid": 10}, {"portid": 2, "addr": {"trtype": "tcp",
                             "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4420"}, "subsystems": ["s"]}],
                             "subsystems": [{"allowed_hosts": ["h"], "attr": {"serial": "7"}, "nqn": "s", "namespaces": [
                             {"device": {"path": "mem:1m", "uuid": "5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab"}, "enable": 1,
                              "nsid": 1}, {"nsid": 2,
                              "device": {"uuid": "5c9e1a0e-8f1c-4a5b-9d3e-0123456789ac"}}]}]}
                            """,
                            target.tree());
            String listing = TreeListing.of(target.tree());
            assertThat(listing.lines()).allMatch(line -> line.length() == 100);
            assertThat(listing.replaceAll("\\.{4,}", "..."))
                    .isEqualTo(
                            """
                            o- / ... [...]
                              o- hosts ... [...]
                              | o- h ... [...]
                              o- ports ... [...]
                              | o- 2 ... [trtype=tcp, traddr=127.0.0.1, trsvcid=4420, inline_data_size=16384]
                              | | o- ana_groups ... [...]
                              | | | o- 1 ... [state=optimized]
                              | | o- referrals ... [...]
                              | | o- subsystems ... [...]
                              | |   o- s ... [...]
                              | o- 10 ... [inline_data_size=-1]
                              |   o- ana_groups ... [...]
                              |   | o- 1 ... [state=optimized]
                              |   o- referrals ... [...]
                              |   o- subsystems ... [...]
                              o- subsystems ... [...]
                                o- s ... [version=2.1, allow_any=0, serial=7]
                                  o- allowed_hosts ... [...]
                                  | o- h ... [...]
                                  o- namespaces ... [...]
                                    o- 1 ... [path=mem:1m, uuid=5c9e1a0e-8f1c-4a5b-9d3e-0123456789ab, grpid=1, enabled]
                                    o- 2 ... [path=(null), uuid=5c9e1a0e-8f1c-4a5b-9d3e-0123456789ac, grpid=1, disabled]
                            """);
        }
    }
}
