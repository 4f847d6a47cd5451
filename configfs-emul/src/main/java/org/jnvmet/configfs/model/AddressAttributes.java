package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.Parse.bytesAtMost;
import static org.jnvmet.configfs.model.Parse.token;
import static org.jnvmet.configfs.model.Parse.word;

import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Port.Address;

/**
 * The {@code addr_*} attributes that ports and referrals share. Lengths are checked before, values
 * after the question whether the address may change at all; hence the values are read within the change.
 */
record AddressAttributes(Supplier<Address> address, Consumer<UnaryOperator<Address>> change) {
    void addTo(DirectorySpec.Builder directory) {
        directory
                .readWrite(
                        "addr_adrfam",
                        () -> address.get().adrfam(),
                        t -> change.accept(a -> a.withAdrfam(word("addr_adrfam", t))))
                .readWrite("addr_traddr", () -> address.get().traddr(), this::traddr)
                .readWrite("addr_trsvcid", () -> address.get().trsvcid(), this::trsvcid)
                .readWrite(
                        "addr_trtype",
                        () -> address.get().trtype(),
                        t -> change.accept(a -> a.withTrtype(word("addr_trtype", t))));
    }

    /** Comes after {@code addr_tsas}, which resets it: a replay in this order must not lose it. */
    void addTreqTo(DirectorySpec.Builder directory) {
        directory.readWrite(
                "addr_treq",
                () -> address.get().treq(),
                t -> change.accept(a -> a.withTreq(word("addr_treq", t))));
    }

    private void traddr(String text) {
        bytesAtMost(Address.MAX_TRADDR_BYTES, "addr_traddr", text);
        change.accept(a -> a.withTraddr(token("addr_traddr", text)));
    }

    private void trsvcid(String text) {
        bytesAtMost(Address.MAX_TRSVCID_BYTES, "addr_trsvcid", text);
        change.accept(a -> a.withTrsvcid(token("addr_trsvcid", text)));
    }
}
