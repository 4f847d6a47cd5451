package org.jnvmet.configfs.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Metadata;
import org.jnvmet.configfs.tree.Node;

/** Bodies of answers, field by field in the order of linux/fuse.h. Nothing may be cached: all validities are zero. */
final class Answers {
    static final ByteBuffer EMPTY = ByteBuffer.allocate(0);

    /** Size that stat tells of an attribute, as configfs: one page, whatever the text. */
    static final int ATTRIBUTE_BYTES = 4096;

    private static final int ATTR_BYTES = 88;
    private static final int ENTRY_HEAD_BYTES = 40;
    private static final int ATTR_HEAD_BYTES = 16;
    private static final int DIRENT_HEAD_BYTES = 24;
    private static final int S_IFDIR = 0040000;
    private static final int S_IFREG = 0100000;
    private static final int S_IFLNK = 0120000;
    private static final int DT_SHIFT = 12;

    private final ConfigTree tree;
    private final int owner;
    private final int group;

    /** {@code owner} and {@code group} of nodes that were never chowned. */
    Answers(ConfigTree tree, int owner, int group) {
        this.tree = tree;
        this.owner = owner;
        this.group = group;
    }

    static ByteBuffer body(int bytes) {
        return ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    }

    /** struct fuse_entry_out. Ids are never used twice, so the generation is always 0. */
    ByteBuffer entry(Node node) {
        ByteBuffer body = body(ENTRY_HEAD_BYTES + ATTR_BYTES);
        body.putLong(node.id()).position(ENTRY_HEAD_BYTES);
        putAttr(body, node);
        return body.flip();
    }

    /** struct fuse_attr_out. */
    ByteBuffer attr(Node node) {
        ByteBuffer body = body(ATTR_HEAD_BYTES + ATTR_BYTES).position(ATTR_HEAD_BYTES);
        putAttr(body, node);
        return body.flip();
    }

    private void putAttr(ByteBuffer body, Node node) {
        Metadata metadata = node.metadata();
        int uid = metadata.uid() == Metadata.OWNER_OF_MOUNT ? owner : metadata.uid();
        int gid = metadata.gid() == Metadata.OWNER_OF_MOUNT ? group : metadata.gid();
        body.putLong(node.id()).putLong(size(node)).putLong(0);
        putTimes(body, metadata.accessed(), metadata.modified(), metadata.changed());
        body.putInt(type(node) | metadata.mode()).putInt(links(node)).putInt(uid).putInt(gid);
        body.putInt(0).putInt(ATTRIBUTE_BYTES).putInt(0);
    }

    private static void putTimes(ByteBuffer body, Instant... times) {
        int seconds = body.position();
        int nanos = seconds + times.length * Long.BYTES;
        for (Instant time : times) {
            body.putLong(seconds, time.getEpochSecond()).putInt(nanos, time.getNano());
            seconds += Long.BYTES;
            nanos += Integer.BYTES;
        }
        body.position(nanos);
    }

    private static int type(Node node) {
        return switch (node) {
            case Directory _ -> S_IFDIR;
            case Attribute _ -> S_IFREG;
            case Link _ -> S_IFLNK;
        };
    }

    private static long size(Node node) {
        return switch (node) {
            case Directory _ -> 0;
            case Attribute _ -> ATTRIBUTE_BYTES;
            case Link link -> link.text().getBytes(StandardCharsets.UTF_8).length;
        };
    }

    private int links(Node node) {
        if (!node.isLive()) {
            return 0;
        }
        // A count that others change at any time is none that find(1) could rely on: 1 tells it so.
        return node instanceof Directory directory && !directory.isFilledBySystem()
                ? 2 + tree.subdirectories(directory)
                : 1;
    }

    /** Adds a struct fuse_dirent if it fits; {@code offset} is where the next listing goes on. */
    static boolean putEntry(ByteBuffer body, Node node, String name, long offset) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        int length = DIRENT_HEAD_BYTES + bytes.length;
        int padded = (length + 7) & -8;
        if (padded > body.remaining()) {
            return false;
        }
        body.putLong(node.id())
                .putLong(offset)
                .putInt(bytes.length)
                .putInt(type(node) >> DT_SHIFT)
                .put(bytes);
        body.position(body.position() + padded - length);
        return true;
    }
}
