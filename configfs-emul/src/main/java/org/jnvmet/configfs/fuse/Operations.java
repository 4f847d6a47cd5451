package org.jnvmet.configfs.fuse;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Metadata;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/**
 * What each operation of the kernel does to the tree. A refusal is a {@link ConfigException}, whose errno the caller
 * gets. Offsets are those of the request's structure in linux/fuse.h. Any thread.
 */
final class Operations {
    // Bits of open flags, and of what open answers.
    private static final int O_ACCMODE = 3;
    private static final int O_RDONLY = 0;
    private static final int O_WRONLY = 1;
    private static final int FOPEN_DIRECT_IO = 1;

    // Bits of struct fuse_setattr_in: valid.
    private static final int SET_MODE = 1;
    private static final int SET_UID = 1 << 1;
    private static final int SET_GID = 1 << 2;
    private static final int SET_ATIME = 1 << 4;
    private static final int SET_MTIME = 1 << 5;
    private static final int SET_ATIME_NOW = 1 << 7;
    private static final int SET_MTIME_NOW = 1 << 8;

    /** Offsets in a listing: 1 and 2 follow "." and "..", then 2 + the id of the entry before. */
    private static final long AFTER_DOTS = 2;

    private final ConfigTree tree;
    private final Nodes nodes;
    private final Handles handles;
    private final Answers answers;
    private final LinkTargets targets;

    Operations(
            ConfigTree tree, Nodes nodes, Handles handles, Answers answers, LinkTargets targets) {
        this.tree = tree;
        this.nodes = nodes;
        this.handles = handles;
        this.answers = answers;
        this.targets = targets;
    }

    /** Body of the answer. */
    ByteBuffer perform(Opcode opcode, Request request) {
        return switch (opcode) {
            case LOOKUP -> lookup(request);
            case FORGET -> forget(request);
            case BATCH_FORGET -> batchForget(request);
            case GETATTR -> answers.attr(nodes.node(request.nodeId()));
            case SETATTR -> setattr(request);
            case READLINK -> readlink(request);
            case SYMLINK -> symlink(request);
            case MKDIR -> mkdir(request);
            case UNLINK -> unlink(request);
            case RMDIR -> rmdir(request);
            case OPEN -> open(request);
            case READ -> read(request);
            case WRITE -> write(request);
            case RELEASE -> release(request);
            case OPENDIR, RELEASEDIR -> openOrReleaseDirectory(opcode);
            case READDIR -> readdir(request);
            case STATFS -> statfs();
            case INIT -> Protocol.init(request);
            case MKNOD, LINK, RENAME, RENAME2 -> throw refused(request, Errno.EPERM, opcode);
            case CREATE -> throw refused(request, Errno.EACCES, opcode);
            case IOCTL -> throw new ConfigException(Errno.ENOTTY, "attributes are no devices");
        };
    }

    private ConfigException refused(Request request, Errno errno, Opcode opcode) {
        Directory directory = nodes.directory(request.nodeId());
        String why =
                switch (opcode) {
                    case CREATE, MKNOD -> "files cannot be made here, only written";
                    case LINK -> "hard links cannot be made here";
                    default -> "entries cannot be renamed or moved";
                };
        return tree.refused(directory, errno, why);
    }

    // --- nodes ---

    private ByteBuffer lookup(Request request) {
        Directory directory = nodes.directory(request.nodeId());
        String name = request.text(0);
        if (name.getBytes(StandardCharsets.UTF_8).length > ConfigTree.MAX_NAME_BYTES) {
            throw new ConfigException(Errno.ENAMETOOLONG, "name too long");
        }
        return told(require(directory, name));
    }

    private Node require(Directory directory, String name) {
        Node node = tree.child(directory, name);
        if (node == null) {
            throw new ConfigException(
                    Errno.ENOENT, "there is no " + name + " in " + directory.path());
        }
        return node;
    }

    private ByteBuffer told(Node node) {
        nodes.told(node);
        return answers.entry(node);
    }

    private ByteBuffer forget(Request request) {
        nodes.forget(request.nodeId(), request.u64(0));
        return Answers.EMPTY;
    }

    private ByteBuffer batchForget(Request request) {
        int count = request.u32(0);
        for (int index = 0; index < count; index++) {
            int offset = 8 + 16 * index;
            nodes.forget(request.u64(offset), request.u64(offset + 8));
        }
        return Answers.EMPTY;
    }

    private ByteBuffer setattr(Request request) {
        Node node = nodes.node(request.nodeId());
        // A size (truncate, O_TRUNC) is accepted without effect.
        tree.metadata(node, metadata -> changed(metadata, request));
        return answers.attr(node);
    }

    private static Metadata changed(Metadata metadata, Request request) {
        int valid = request.u32(0);
        Metadata changed = metadata;
        if ((valid & SET_MODE) != 0) {
            changed = changed.withMode(request.u32(68));
        }
        if ((valid & (SET_UID | SET_GID)) != 0) {
            int uid = (valid & SET_UID) != 0 ? request.u32(76) : changed.uid();
            int gid = (valid & SET_GID) != 0 ? request.u32(80) : changed.gid();
            changed = changed.withOwner(uid, gid);
        }
        if ((valid & (SET_ATIME | SET_MTIME)) != 0) {
            Instant accessed =
                    time(changed.accessed(), valid, SET_ATIME, SET_ATIME_NOW, request, 32);
            Instant modified =
                    time(changed.modified(), valid, SET_MTIME, SET_MTIME_NOW, request, 40);
            changed = changed.withTimes(accessed, modified);
        }
        return changed;
    }

    private static Instant time(
            Instant old, int valid, int set, int setNow, Request request, int offset) {
        if ((valid & setNow) != 0) {
            return Instant.now();
        }
        int nanosOffset = 56 + (offset - 32) / 2;
        return (valid & set) == 0
                ? old
                : Instant.ofEpochSecond(
                        Math.clamp(
                                request.u64(offset),
                                Instant.MIN.getEpochSecond(),
                                Instant.MAX.getEpochSecond()),
                        Math.clamp(request.u32(nanosOffset), 0, 999_999_999));
    }

    // --- directories and links ---

    private ByteBuffer mkdir(Request request) {
        return told(tree.mkdir(nodes.directory(request.nodeId()), request.text(8)));
    }

    private ByteBuffer rmdir(Request request) {
        tree.rmdir(require(nodes.directory(request.nodeId()), request.text(0)));
        return Answers.EMPTY;
    }

    private ByteBuffer symlink(Request request) {
        Directory directory = nodes.directory(request.nodeId());
        String name = request.text(0);
        Directory target = targets.resolve(request.pid(), directory, request.text(request.next(0)));
        return told(tree.symlink(directory, name, target));
    }

    private ByteBuffer unlink(Request request) {
        tree.unlink(require(nodes.directory(request.nodeId()), request.text(0)));
        return Answers.EMPTY;
    }

    private ByteBuffer readlink(Request request) {
        return switch (nodes.node(request.nodeId())) {
            case Link link -> ByteBuffer.wrap(link.text().getBytes(StandardCharsets.UTF_8));
            case Directory _, Attribute _ -> throw new ConfigException(Errno.EINVAL, "no link");
        };
    }

    private static ByteBuffer openOrReleaseDirectory(Opcode opcode) {
        return opcode == Opcode.OPENDIR ? Answers.body(16) : Answers.EMPTY;
    }

    private ByteBuffer readdir(Request request) {
        Directory directory = nodes.directory(request.nodeId());
        long offset = request.u64(8);
        ByteBuffer body = Answers.body(Math.clamp(request.u32(16), 0, Protocol.MAX_READ_BYTES));
        boolean fits = offset >= 1 || Answers.putEntry(body, directory, ".", 1);
        if (fits && offset < AFTER_DOTS) {
            Directory above = Objects.requireNonNullElse(directory.parent(), directory);
            fits = Answers.putEntry(body, above, "..", AFTER_DOTS);
        }
        for (Node node : tree.list(directory)) {
            long next = node.id() + AFTER_DOTS;
            if (fits && next > offset) {
                fits = Answers.putEntry(body, node, node.name(), next);
            }
        }
        return body.flip();
    }

    // --- attributes ---

    private ByteBuffer open(Request request) {
        Attribute attribute = nodes.attribute(request.nodeId());
        int mode = request.u32(0) & O_ACCMODE;
        tree.requireAccess(attribute, mode != O_WRONLY, mode != O_RDONLY);
        return Answers.body(16).putLong(handles.open(attribute)).putInt(FOPEN_DIRECT_IO).rewind();
    }

    private ByteBuffer read(Request request) {
        Handles.Handle handle = handles.handle(request.u64(0));
        tree.requireAccess(handle.attribute(), true, false);
        byte[] text = handle.text(tree);
        int from = (int) Math.clamp(request.u64(8), 0L, text.length);
        int length = Math.clamp(request.u32(16), 0, text.length - from);
        return ByteBuffer.wrap(text, from, length);
    }

    private ByteBuffer write(Request request) {
        Handles.Handle handle = handles.handle(request.u64(0));
        int taken = Math.clamp(request.u32(16), 0, ConfigTree.MAX_STORE_BYTES);
        tree.write(handle.attribute(), request.text(40, taken));
        handle.written();
        return Answers.body(8).putInt(taken).rewind();
    }

    private ByteBuffer release(Request request) {
        handles.close(request.u64(0));
        return Answers.EMPTY;
    }

    private static ByteBuffer statfs() {
        ByteBuffer body = Answers.body(80);
        body.putInt(40, Answers.ATTRIBUTE_BYTES);
        body.putInt(44, ConfigTree.MAX_NAME_BYTES);
        body.putInt(48, Answers.ATTRIBUTE_BYTES);
        return body;
    }
}
