package org.jnvmet.configfs.fuse;

import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;
import org.jspecify.annotations.Nullable;

/** Attributes that processes have open. Any thread. */
final class Handles {
    /** Open files of one mount. */
    static final int MOST = 65_536;

    private final Map<Long, Handle> open = new ConcurrentHashMap<>();
    private final AtomicLong lastNumber = new AtomicLong();

    long open(Attribute attribute) {
        if (open.size() >= MOST) {
            throw new ConfigException(Errno.ENFILE, MOST + " files of the mount are open");
        }
        long number = lastNumber.incrementAndGet();
        open.put(number, new Handle(attribute));
        return number;
    }

    Handle handle(long number) {
        Handle handle = open.get(number);
        if (handle == null) {
            throw new ConfigException(Errno.EBADF, "file handle " + number + " is not open");
        }
        return handle;
    }

    void close(long number) {
        open.remove(number);
    }

    int size() {
        return open.size();
    }

    /** One open file: what is read is the text at the first read, and after a write the text at the next read. */
    static final class Handle {
        private final Attribute attribute;
        private byte @Nullable [] text;

        private Handle(Attribute attribute) {
            this.attribute = attribute;
        }

        Attribute attribute() {
            return attribute;
        }

        synchronized byte[] text(ConfigTree tree) {
            byte[] read = text;
            if (read == null) {
                read = (tree.read(attribute) + "\n").getBytes(StandardCharsets.UTF_8);
                text = read;
            }
            return read;
        }

        synchronized void written() {
            text = null;
        }
    }
}
