package org.jnvmet.configfs.tree;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jnvmet.configfs.tree.Node.State;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/**
 * A tree of directories, attributes and links with configfs' rules. Any thread; refusals as {@link ConfigException}.
 *
 * <p>The tree's lock guards structure and is held shortly, never while a function of the model runs. What takes long
 * happens between two holdings of it: a name that mkdir or symlink is busy with is <em>claimed</em>, a node that rmdir
 * or unlink is busy with is <em>going</em>; both are invisible, and both keep the name taken.
 */
public final class ConfigTree {
    /** Bytes that one store takes, as configfs. */
    public static final int MAX_STORE_BYTES = 4095;

    /** Bytes of a name. */
    public static final int MAX_NAME_BYTES = 255;

    /** Entries of one directory. */
    public static final int MAX_ENTRIES = 65_536;

    /** Attribute of each directory that explains its latest refusal. */
    public static final String LAST_ERROR = "last_error";

    private static final ChangeListener.Durable NOTHING_TO_KEEP = () -> {};

    private final ReentrantLock lock = new ReentrantLock();
    private final Directory root;
    private long lastId;
    private volatile ChangeListener listener = ChangeListener.NONE;

    public ConfigTree(DirectorySpec rootSpec) {
        root = build(null, "", rootSpec, true);
    }

    public Directory root() {
        return root;
    }

    /** The one who hears of all changes from now on. */
    public void listener(ChangeListener listener) {
        this.listener = listener;
    }

    // --- looking ---

    /** The live entry of this name, or null. */
    public @Nullable Node child(Directory directory, String name) {
        refresh(directory);
        return locked(() -> {
            Node node = directory.isLive() ? directory.children.get(name) : null;
            return node != null && node.isLive() ? node : null;
        });
    }

    /**
     * Live entries: attributes, default groups, then what was made, in that order; ascending ids. Tools such as
     * nvmetcli take each entry of a directory that people fill for a thing that they made, so {@code last_error} is
     * not listed there; it can be read by name.
     */
    public List<Node> list(Directory directory) {
        refresh(directory);
        return locked(() -> {
            Rules.requireLive(directory);
            boolean isCollection = directory.spec().isCollection();
            return directory.children.values().stream()
                    .filter(Node::isLive)
                    .filter(node -> !(isCollection && node.name().equals(LAST_ERROR)))
                    .toList();
        });
    }

    /** Brings a directory that the system fills up to date: one look at a time, so that an older one never wins. */
    private void refresh(Directory directory) {
        DirectorySpec.Population population = directory.spec().population();
        if (population == null) {
            return;
        }
        directory.storeLock.lock();
        try {
            Map<String, DirectorySpec> found = population.now();
            locked(() -> {
                directory.retain(found.keySet());
                found.forEach((name, spec) -> {
                    if (directory.isLive() && !directory.children.containsKey(name)) {
                        directory.enter(build(directory, name, spec, true));
                    }
                });
            });
        } finally {
            directory.storeLock.unlock();
        }
    }

    /** What a path from the root leads to; links are followed except in the last place. */
    public Node lookup(String path) {
        Node node = root;
        for (String name : path.split("/", -1)) {
            if (name.isEmpty()) {
                continue;
            }
            Node found = child(Rules.asDirectory(node), name);
            if (found == null) {
                throw Rules.refusal(
                        Errno.ENOENT, path + ": there is no " + name + " in " + node.described());
            }
            node = found;
        }
        return node;
    }

    /** The directory that a path leads to. */
    public Directory directory(String path) {
        return Rules.asDirectory(lookup(path));
    }

    /** The attribute that a path leads to. */
    public Attribute attribute(String path) {
        return switch (lookup(path)) {
            case Attribute attribute -> attribute;
            case Directory _, Link _ ->
                    throw Rules.refusal(Errno.EISDIR, path + " is no attribute");
        };
    }

    /** A directory with all below it. What vanishes meanwhile is left out. */
    public Snapshot snapshot(Directory directory) {
        return Snapshot.of(this, directory);
    }

    /** Number of live directories in a directory. */
    public int subdirectories(Directory directory) {
        return locked(() ->
                (int)
                        directory.children.values().stream()
                                .filter(node -> node instanceof Directory && node.isLive())
                                .count());
    }

    // --- attributes ---

    /** Text of an attribute, without the final newline. */
    public String read(Attribute attribute) {
        return attempt(
                attribute.directory(),
                () -> {
                    Rules.requireLive(attribute);
                    Rules.requireReadable(attribute);
                    return attribute.show();
                });
    }

    /** Stores a text, which the attribute may refuse. */
    public void write(Attribute attribute, String text) {
        attempt(
                attribute.directory(),
                () -> {
                    Rules.requireLive(attribute);
                    Rules.requireWritable(attribute);
                    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
                    if (bytes > MAX_STORE_BYTES) {
                        String tooLong = ": " + bytes + " bytes are more than " + MAX_STORE_BYTES;
                        throw Rules.refusal(Errno.EINVAL, attribute.described() + tooLong);
                    }
                    store(attribute, text).await();
                });
    }

    private ChangeListener.Durable store(Attribute attribute, String text) {
        ReentrantLock storeLock = attribute.directory().storeLock;
        storeLock.lock();
        try {
            Rules.requireLive(attribute);
            attribute.store(text);
            return locked(() -> {
                attribute.metadata(attribute.metadata().touched());
                if (!attribute.isSetting()) {
                    return NOTHING_TO_KEEP;
                }
                String value = text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
                return tell(new Change.Write(attribute.path(), value));
            });
        } finally {
            storeLock.unlock();
        }
    }

    /** What open checks: ENOENT when it is gone, EACCES unless the attribute allows it. */
    public void requireAccess(Attribute attribute, boolean read, boolean write) {
        attempt(
                attribute.directory(),
                () -> {
                    Rules.requireLive(attribute);
                    if (read) {
                        Rules.requireReadable(attribute);
                    }
                    if (write) {
                        Rules.requireWritable(attribute);
                    }
                });
    }

    // --- directories ---

    /** Makes a directory, with its attributes and default groups at once. */
    public Directory mkdir(Directory parent, String name) {
        return attempt(
                parent,
                () -> {
                    DirectorySpec.Maker maker =
                            locked(() -> {
                                Rules.requireFree(parent, name);
                                DirectorySpec.Maker allowed = parent.spec().maker();
                                if (allowed == null) {
                                    throw Rules.refusal(
                                            Errno.EPERM,
                                            "no directory can be made in " + parent.described());
                                }
                                parent.claims.add(name);
                                return allowed;
                            });
                    Published<Directory> made;
                    try {
                        DirectorySpec spec = maker.make(name);
                        made =
                                locked(() -> {
                                    Directory child = build(parent, name, spec, false);
                                    parent.enter(child);
                                    return new Published<>(
                                            child, tell(new Change.Mkdir(child.path())));
                                });
                    } finally {
                        locked(() -> parent.claims.remove(name));
                    }
                    made.durable.await();
                    return made.node;
                });
    }

    /**
     * Removes a directory. Its removal may take long; meanwhile it is invisible and its name is taken. Refused with
     * EPERM for a default group, then EBUSY for a link's target, then ENOTEMPTY with anything made inside.
     */
    public void rmdir(Node node) {
        if (!(node instanceof Directory directory)) {
            throw Rules.refusal(Errno.ENOTDIR, node.described() + " is no directory");
        }
        attempt(
                directory.above(),
                () ->
                        attempt(
                                directory,
                                () -> {
                                    locked(() -> {
                                        Rules.requireLive(directory);
                                        Rules.requireRemovable(directory);
                                        directory.becomeWithAll(State.GOING);
                                    });
                                    directory.storeLock.lock();
                                    try {
                                        directory.spec().remover().run();
                                    } catch (RuntimeException | Error refused) {
                                        locked(() -> directory.becomeWithAll(State.LIVE));
                                        throw refused;
                                    } finally {
                                        directory.storeLock.unlock();
                                    }
                                    ChangeListener.Durable durable =
                                            locked(() -> {
                                                directory.above().leave(directory);
                                                directory.becomeWithAll(State.GONE);
                                                return tell(new Change.Rmdir(directory.path()));
                                            });
                                    durable.await();
                                }));
    }

    // --- links ---

    /** Links {@code target} into {@code directory}. */
    public Link symlink(Directory directory, String name, Directory target) {
        return attempt(
                directory,
                () -> {
                    DirectorySpec.Linker linker =
                            locked(() -> {
                                Rules.requireFree(directory, name);
                                Rules.requireLive(target);
                                DirectorySpec.Linker allowed = directory.spec().linker();
                                if (allowed == null) {
                                    throw Rules.refusal(
                                            Errno.EPERM,
                                            "no link can be made in " + directory.described());
                                }
                                directory.claims.add(name);
                                target.incomingLinks++;
                                return allowed;
                            });
                    Published<Link> made;
                    try {
                        Runnable unlink = linker.link(name, target);
                        made =
                                locked(() -> {
                                    Link link = new Link(++lastId, name, directory, target, unlink);
                                    directory.enter(link);
                                    return new Published<>(
                                            link,
                                            tell(new Change.Symlink(link.path(), target.path())));
                                });
                    } catch (RuntimeException | Error refused) {
                        locked(() -> target.incomingLinks--);
                        throw refused;
                    } finally {
                        locked(() -> directory.claims.remove(name));
                    }
                    made.durable.await();
                    return made.node;
                });
    }

    /** Removes a link; EPERM for an attribute. What follows from it may take long. */
    public void unlink(Node node) {
        switch (node) {
            case Link link -> unlinkLive(link);
            case Attribute attribute ->
                    throw refused(
                            attribute.directory(),
                            Errno.EPERM,
                            node.described() + " is an attribute: it stays");
            case Directory _ ->
                    throw Rules.refusal(Errno.EISDIR, node.described() + " is a directory");
        }
    }

    private void unlinkLive(Link link) {
        attempt(
                link.directory(),
                () -> {
                    locked(() -> {
                        Rules.requireLive(link);
                        link.become(State.GOING);
                    });
                    try {
                        link.undo();
                    } catch (RuntimeException | Error refused) {
                        locked(() -> link.become(State.LIVE));
                        throw refused;
                    }
                    ChangeListener.Durable durable =
                            locked(() -> {
                                link.directory().leave(link);
                                link.become(State.GONE);
                                link.target().incomingLinks--;
                                return tell(new Change.Unlink(link.path()));
                            });
                    durable.await();
                });
    }

    // --- by path ---

    /** As {@link #read(Attribute)}. */
    public String read(String path) {
        return read(attribute(path));
    }

    /** As {@link #write(Attribute, String)}. */
    public void write(String path, String text) {
        write(attribute(path), text);
    }

    /** As {@link #mkdir(Directory, String)}. */
    public Directory mkdir(String path) {
        return mkdir(directory(aboveIn(path)), nameIn(path));
    }

    /** As {@link #rmdir(Node)}. */
    public void rmdir(String path) {
        rmdir(lookup(path));
    }

    /** As {@link #symlink(Directory, String, Directory)}; the target is a path from the root. */
    public Link symlink(String path, String target) {
        return symlink(directory(aboveIn(path)), nameIn(path), directory(target));
    }

    /** As {@link #unlink(Node)}. */
    public void unlink(String path) {
        unlink(lookup(path));
    }

    private static String aboveIn(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }

    private static String nameIn(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }

    // --- metadata and refusals ---

    /** Changes what chmod, chown and utimes change. */
    public void metadata(Node node, UnaryOperator<Metadata> change) {
        locked(() -> {
            Rules.requireLive(node);
            node.metadata(change.apply(node.metadata()));
        });
    }

    /** A refusal that is not the tree's own, told by this directory's {@code last_error} all the same. */
    public ConfigException refused(Directory directory, Errno errno, String why) {
        directory.note(why);
        return Rules.refusal(errno, why);
    }

    /** Runs an operation; a refusal becomes the directory's {@code last_error}. */
    private static <T> T attempt(Directory directory, Supplier<T> operation) {
        try {
            return operation.get();
        } catch (ConfigException refused) {
            directory.note(String.valueOf(refused.getMessage()));
            throw refused;
        } catch (RuntimeException defect) {
            directory.note("internal error, a defect of jnvmet: " + defect);
            throw defect;
        }
    }

    private static void attempt(Directory directory, Runnable operation) {
        attempt(
                directory,
                () -> {
                    operation.run();
                    return directory;
                });
    }

    // --- under the lock ---

    private Directory build(
            @Nullable Directory parent, String name, DirectorySpec spec, boolean isDefaultGroup) {
        Directory directory = new Directory(++lastId, name, parent, spec, isDefaultGroup);
        for (Attribute.Spec attribute : spec.attributes()) {
            directory.add(new Attribute(++lastId, directory, attribute));
        }
        Attribute.Spec lastError = Attribute.Spec.readOnly(LAST_ERROR, directory::lastError);
        directory.add(new Attribute(++lastId, directory, lastError));
        spec.groups()
                .forEach((group, groupSpec) ->
                        directory.add(build(directory, group, groupSpec, true)));
        return directory;
    }

    /** Tells the listener; should it fail, the caller of the operation hears of it when the change is in place. */
    private ChangeListener.Durable tell(Change change) {
        try {
            return listener.changed(change);
        } catch (RuntimeException defect) {
            return () -> {
                throw defect;
            };
        }
    }

    private <T extends @Nullable Object> T locked(Supplier<T> work) {
        lock.lock();
        try {
            return work.get();
        } finally {
            lock.unlock();
        }
    }

    private void locked(Runnable work) {
        lock.lock();
        try {
            work.run();
        } finally {
            lock.unlock();
        }
    }

    /** A node that is in its place, and the wait that is left. */
    private record Published<N extends Node>(N node, ChangeListener.Durable durable) {}
}
