package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.Parse.bool;
import static org.jnvmet.configfs.model.Parse.u16;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Port;
import org.jnvmet.target.Referral;

/** {@code ports/<id>/referrals} and {@code referrals/<name>}. */
final class ReferralsDirectory {
    private ReferralsDirectory() {}

    static DirectorySpec of(Port port) {
        return DirectorySpec.of("referrals")
                .mkdir(name -> referral(port, port.createReferral(name)))
                .build();
    }

    private static DirectorySpec referral(Port port, Referral r) {
        DirectorySpec.Builder directory = DirectorySpec.of(r);
        AddressAttributes address = new AddressAttributes(r::address, r::changeAddress);
        address.addTo(directory);
        address.addTreqTo(directory);
        return directory
                .readWrite(
                        "addr_portid",
                        () -> Integer.toString(r.portId()),
                        t -> r.portId(u16("addr_portid", t)))
                .readWrite(
                        "enable", () -> Show.bool(r.enabled()), t -> r.enabled(bool("enable", t)))
                .rmdir(() -> port.removeReferral(r))
                .build();
    }
}
