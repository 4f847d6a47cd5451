package org.jnvmet.configfs.tree;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What one directory holds and allows. A model has one class per kind of directory that makes these:
 *
 * <pre>{@code
 * DirectorySpec.of(namespace)
 *         .readWrite("device_path", this::showPath, namespace::devicePath)
 *         .writeOnly("revalidate_size", this::revalidate)
 *         .rmdir(() -> subsystem.removeNamespace(namespace))
 *         .build();
 * }</pre>
 *
 * Functions run without the tree's lock and may take long; they refuse with {@link
 * org.jnvmet.target.ConfigException} and then must have changed nothing. Shown text is without the final newline;
 * stored text is as written, newline and all, up to a NUL.
 */
public final class DirectorySpec {
    private final Object subject;
    private final List<Attribute.Spec> attributes;
    private final Map<String, DirectorySpec> groups;
    private final @Nullable Maker maker;
    private final @Nullable Linker linker;
    private final @Nullable Population population;
    private final Runnable remover;

    private DirectorySpec(Builder builder) {
        this.subject = builder.subject;
        this.attributes = List.copyOf(builder.attributes);
        this.groups = new LinkedHashMap<>(builder.groups);
        this.maker = builder.maker;
        this.linker = builder.linker;
        this.population = builder.population;
        this.remover = builder.remover;
    }

    /** {@code subject} is what the directory stands for; see {@link Directory#subject}. */
    public static Builder of(Object subject) {
        return new Builder(subject);
    }

    Object subject() {
        return subject;
    }

    List<Attribute.Spec> attributes() {
        return attributes;
    }

    Map<String, DirectorySpec> groups() {
        return groups;
    }

    @Nullable Maker maker() {
        return maker;
    }

    @Nullable Linker linker() {
        return linker;
    }

    @Nullable Population population() {
        return population;
    }

    /** Whether entries come and go while it is there, so that a listing of it shall hold nothing else. */
    boolean isCollection() {
        return maker != null || linker != null || population != null;
    }

    Runnable remover() {
        return remover;
    }

    /** What mkdir does. */
    @FunctionalInterface
    public interface Maker {
        /** Makes the thing called {@code name} and says what its directory holds. */
        DirectorySpec make(String name);
    }

    /** What symlink does. */
    @FunctionalInterface
    public interface Linker {
        /** Makes the connection to the target and gives what unlink does, which must not refuse. */
        Runnable link(String name, Directory target);
    }

    /** What is in a directory that the system fills, and nobody else. */
    @FunctionalInterface
    public interface Population {
        /** The directories that there are now, by name. Never refuses; who goes and comes again is another one. */
        Map<String, DirectorySpec> now();
    }

    /** Collects what the directory holds; attributes and groups are listed in the order given here. */
    public static final class Builder {
        private final Object subject;
        private final List<Attribute.Spec> attributes = new ArrayList<>();
        private final Map<String, DirectorySpec> groups = new LinkedHashMap<>();
        private @Nullable Maker maker;
        private @Nullable Linker linker;
        private @Nullable Population population;
        private Runnable remover = () -> {};

        private Builder(Object subject) {
            this.subject = subject;
        }

        /** A setting: mode 0644, kept by savers. */
        public Builder readWrite(String name, Supplier<String> show, Consumer<String> store) {
            attributes.add(new Attribute.Spec(name, Attribute.Access.READ_WRITE, show, store));
            return this;
        }

        /** A fact: mode 0444. */
        public Builder readOnly(String name, Supplier<String> show) {
            attributes.add(Attribute.Spec.readOnly(name, show));
            return this;
        }

        /** An action: mode 0200, not reported as a change and not kept by savers. */
        public Builder writeOnly(String name, Consumer<String> store) {
            attributes.add(Attribute.Spec.writeOnly(name, store));
            return this;
        }

        /** A default group: it comes and goes with this directory. */
        public Builder group(String name, DirectorySpec group) {
            groups.put(name, group);
            return this;
        }

        /** Allows mkdir. */
        public Builder mkdir(Maker maker) {
            this.maker = maker;
            return this;
        }

        /** Allows symlink. */
        public Builder symlink(Linker linker) {
            this.linker = linker;
            return this;
        }

        /**
         * Has the system fill the directory: what there is, is looked at whenever somebody looks. It is no state: no
         * change is reported, and a {@link Snapshot} leaves the directory out.
         */
        public Builder population(Population population) {
            this.population = population;
            return this;
        }

        /** What rmdir of this directory does after the tree has found it free to go. May take long. */
        public Builder rmdir(Runnable remover) {
            this.remover = remover;
            return this;
        }

        public DirectorySpec build() {
            return new DirectorySpec(this);
        }
    }
}
