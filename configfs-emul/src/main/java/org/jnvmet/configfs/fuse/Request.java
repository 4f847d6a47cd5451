package org.jnvmet.configfs.fuse;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.posix.Errno;

/** One message of the kernel: the header and a body whose fields are read by their offsets. Owns its bytes. */
final class Request {
    static final int HEADER_BYTES = 40;

    // Offsets of struct fuse_in_header.
    private static final int OPCODE = 4;
    private static final int UNIQUE = 8;
    private static final int NODE_ID = 16;
    private static final int PID = 32;

    private final ByteBuffer bytes;

    Request(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    int opcode() {
        return bytes.getInt(OPCODE);
    }

    /** Names the request in its answer. */
    long unique() {
        return bytes.getLong(UNIQUE);
    }

    long nodeId() {
        return bytes.getLong(NODE_ID);
    }

    /** The calling thread in the process namespace of the mount; 0 when it is not in it. */
    int pid() {
        return bytes.getInt(PID);
    }

    int u32(int offset) {
        return bytes.getInt(HEADER_BYTES + offset);
    }

    long u64(int offset) {
        return bytes.getLong(HEADER_BYTES + offset);
    }

    /** Text from an offset of the body up to its NUL. */
    String text(int offset) {
        return text(offset, bytes.capacity() - HEADER_BYTES - offset);
    }

    /** Text from an offset of the body: so many bytes, or up to a NUL. EINVAL if it is no UTF-8. */
    String text(int offset, int length) {
        int start = HEADER_BYTES + offset;
        int end = start;
        while (end < start + length && bytes.get(end) != 0) {
            end++;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(bytes.slice(start, end - start))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw new ConfigException(Errno.EINVAL, "a name or value is no UTF-8 text");
        }
    }

    /** Offset of the text that follows the one at an offset. */
    int next(int offset) {
        int end = HEADER_BYTES + offset;
        while (bytes.get(end) != 0) {
            end++;
        }
        return end + 1 - HEADER_BYTES;
    }
}
