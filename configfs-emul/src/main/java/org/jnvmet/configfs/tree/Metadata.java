package org.jnvmet.configfs.tree;

import java.time.Instant;

/**
 * What chmod, chown and utimes change; it has no effect on the target and is not saved.
 *
 * @param mode permission bits, without the file type
 * @param uid {@link #OWNER_OF_MOUNT} until changed
 * @param gid {@link #OWNER_OF_MOUNT} until changed
 */
public record Metadata(
        int mode, int uid, int gid, Instant accessed, Instant modified, Instant changed) {
    /** The user who runs the target. */
    public static final int OWNER_OF_MOUNT = -1;

    static Metadata made(int mode) {
        Instant now = Instant.now();
        return new Metadata(mode, OWNER_OF_MOUNT, OWNER_OF_MOUNT, now, now, now);
    }

    public Metadata withMode(int mode) {
        return new Metadata(mode & 07777, uid, gid, accessed, modified, Instant.now());
    }

    public Metadata withOwner(int uid, int gid) {
        return new Metadata(mode, uid, gid, accessed, modified, Instant.now());
    }

    public Metadata withTimes(Instant accessed, Instant modified) {
        return new Metadata(mode, uid, gid, accessed, modified, Instant.now());
    }

    Metadata touched() {
        Instant now = Instant.now();
        return new Metadata(mode, uid, gid, accessed, now, now);
    }
}
