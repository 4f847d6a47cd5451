package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.Parse.bool;
import static org.jnvmet.configfs.model.Parse.int32;
import static org.jnvmet.configfs.model.Parse.text;
import static org.jnvmet.configfs.model.Parse.word;

import java.util.function.IntConsumer;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Port;

/** {@code ports/<id>}. */
final class PortDirectory {
    private PortDirectory() {}

    static DirectorySpec of(Port p) {
        DirectorySpec.Builder directory = DirectorySpec.of(p);
        AddressAttributes address = new AddressAttributes(p::address, p::changeAddress);
        address.addTo(directory);
        directory.readWrite(
                "addr_tsas",
                () -> p.address().tsas(),
                t -> p.changeAddress(a -> a.withTsas(word("addr_tsas", t))));
        address.addTreqTo(directory);
        return directory
                .readWrite(
                        "param_inline_data_size",
                        () -> Integer.toString(p.inlineDataBytes()),
                        t -> parameter(p, "param_inline_data_size", t, p::inlineDataBytes))
                .readWrite(
                        "param_max_queue_size",
                        () -> Integer.toString(p.maxQueueEntries()),
                        t -> parameter(p, "param_max_queue_size", t, p::maxQueueEntries))
                .readWrite(
                        "param_mdts",
                        () -> Integer.toString(p.mdts()),
                        t -> parameter(p, "param_mdts", t, p::mdts))
                .readWrite(
                        "allow_p2pmem",
                        () -> p.allowedPeerMemory().toString(),
                        t -> p.allowedPeerMemory(p.target().staging().parse(text(t))))
                .readWrite(
                        "p2pmem_strict",
                        () -> Show.bool(p.strictPeerMemory()),
                        t -> p.strictPeerMemory(bool("p2pmem_strict", t)))
                .readOnly("p2pmem_status", () -> p.target().staging().status(p).stripTrailing())
                .group("subsystems", PortSubsystemsDirectory.of(p))
                .group("referrals", ReferralsDirectory.of(p))
                .group("ana_groups", AnaGroupsDirectory.of(p))
                .rmdir(() -> p.target().removePort(p))
                .build();
    }

    private static void parameter(Port p, String name, String text, IntConsumer store) {
        p.requireDisabled(name);
        store.accept(int32(name, text));
    }
}
