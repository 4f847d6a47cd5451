package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.Parse.bool;
import static org.jnvmet.configfs.model.Parse.line;
import static org.jnvmet.configfs.model.Parse.saturatedU32;
import static org.jnvmet.configfs.model.Parse.text;

import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.spi.Staging;

/** {@code subsystems/<nqn>/namespaces/<nsid>}; {@code enable} comes after what it makes unchangeable. */
final class NamespaceDirectory {
    private NamespaceDirectory() {}

    static DirectorySpec of(Namespace n) {
        return DirectorySpec.of(n)
                .readWrite(
                        "device_path", () -> Show.path(n.devicePath()), t -> n.devicePath(line(t)))
                .readWrite("device_uuid", () -> n.uuid().toString(), t -> uuid(n, t))
                .readWrite("device_nguid", () -> n.nguid().toString(), t -> nguid(n, t))
                .readWrite(
                        "buffered_io",
                        () -> Show.bool(n.bufferedIo()),
                        t -> n.bufferedIo(bool("buffered_io", t)))
                .readWrite("p2pmem", () -> n.peerMemory().toString(), t -> peerMemory(n, t))
                .readOnly("p2pmem_status", () -> staging(n).status(n).stripTrailing())
                .readWrite(
                        "ana_grpid",
                        () -> Integer.toString(n.anaGroup()),
                        t -> n.anaGroup(saturatedU32("ana_grpid", t)))
                .readWrite(
                        "enable", () -> Show.bool(n.enabled()), t -> enable(n, bool("enable", t)))
                .writeOnly("revalidate_size", t -> revalidate(n, t))
                .rmdir(() -> n.subsystem().removeNamespace(n))
                .build();
    }

    private static void uuid(Namespace n, String text) {
        n.requireDisabled("device_uuid");
        n.uuid(Parse.uuid("device_uuid", text));
    }

    private static void nguid(Namespace n, String text) {
        n.requireDisabled("device_nguid");
        n.nguid(Parse.nguid("device_nguid", text));
    }

    private static void peerMemory(Namespace n, String text) {
        n.requireDisabled("p2pmem");
        n.peerMemory(staging(n).parse(text(text)));
    }

    private static Staging staging(Namespace n) {
        return n.subsystem().target().staging();
    }

    private static void enable(Namespace n, boolean enable) {
        if (enable) {
            n.enable();
        } else {
            n.disable();
        }
    }

    private static void revalidate(Namespace n, String text) {
        Parse.trigger("revalidate_size", text);
        n.revalidateSize();
    }
}
