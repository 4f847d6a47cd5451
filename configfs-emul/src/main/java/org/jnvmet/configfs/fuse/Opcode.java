package org.jnvmet.configfs.fuse;

import org.jspecify.annotations.Nullable;

/** Operations of the FUSE protocol (linux/fuse.h) that are answered otherwise than with ENOSYS. */
enum Opcode {
    LOOKUP(1),
    FORGET(2),
    GETATTR(3),
    SETATTR(4),
    READLINK(5),
    SYMLINK(6),
    MKNOD(8),
    MKDIR(9),
    UNLINK(10),
    RMDIR(11),
    RENAME(12),
    LINK(13),
    OPEN(14),
    READ(15),
    WRITE(16),
    STATFS(17),
    RELEASE(18),
    INIT(26),
    OPENDIR(27),
    READDIR(28),
    RELEASEDIR(29),
    CREATE(35),
    IOCTL(39),
    BATCH_FORGET(42),
    RENAME2(45);

    private static final @Nullable Opcode[] BY_NUMBER = new @Nullable Opcode[RENAME2.number + 1];

    static {
        for (Opcode opcode : values()) {
            BY_NUMBER[opcode.number] = opcode;
        }
    }

    private final int number;

    Opcode(int number) {
        this.number = number;
    }

    static @Nullable Opcode of(int number) {
        return number >= 0 && number < BY_NUMBER.length ? BY_NUMBER[number] : null;
    }

    /** Whether a function of the model runs, or the caller's file system is looked at: that may take long. */
    boolean mayTakeLong() {
        return switch (this) {
            case SYMLINK, MKDIR, UNLINK, RMDIR, READ, WRITE -> true;
            default -> false;
        };
    }

    /** Whether the kernel waits for an answer. */
    boolean isAnswered() {
        return this != FORGET && this != BATCH_FORGET;
    }
}
