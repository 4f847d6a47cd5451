package org.jnvmet.configfs.tree;

import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/** An attribute file: text that a directory's subject shows and stores. */
public final class Attribute extends Node {
    private final Directory directory;
    private final Spec spec;

    Attribute(long id, Directory directory, Spec spec) {
        super(id, spec.name, directory, spec.access.mode);
        this.directory = directory;
        this.spec = spec;
    }

    public Directory directory() {
        return directory;
    }

    public Access access() {
        return spec.access;
    }

    /** Whether a saver keeps it: it can be read and written. A write-only attribute is an action, not state. */
    public boolean isSetting() {
        return spec.access == Access.READ_WRITE;
    }

    /** Whether an open for reading is allowed, by the kind of attribute and by chmod. */
    public boolean isReadable() {
        return spec.access != Access.WRITE_ONLY && (metadata().mode() & 0444) != 0;
    }

    /** Whether an open for writing is allowed, by the kind of attribute and by chmod. */
    public boolean isWritable() {
        return spec.access != Access.READ_ONLY && (metadata().mode() & 0222) != 0;
    }

    String show() {
        return spec.show.get();
    }

    void store(String text) {
        spec.store.accept(text);
    }

    /** Which way the text goes. */
    public enum Access {
        READ_WRITE(0644),
        READ_ONLY(0444),
        WRITE_ONLY(0200);

        private final int mode;

        Access(int mode) {
            this.mode = mode;
        }
    }

    /** An attribute as a model declares it. */
    record Spec(String name, Access access, Supplier<String> show, Consumer<String> store) {
        static Spec readOnly(String name, Supplier<String> show) {
            return new Spec(name, Access.READ_ONLY, show, _ -> refuse(name + " is read-only"));
        }

        static Spec writeOnly(String name, Consumer<String> store) {
            return new Spec(name, Access.WRITE_ONLY, () -> refuse(name + " is write-only"), store);
        }

        private static String refuse(String why) {
            throw new ConfigException(Errno.EACCES, why);
        }
    }
}
