package org.jnvmet.host.rdma;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.Sgl;
import org.jnvmet.wire.Sqe;

/** What a target sees of a command. */
record Capsule(int commandId, int type, long address, int length, int key, int bytes, long lba) {
    static Capsule of(byte[] bytes) {
        MemorySegment memory = MemorySegment.ofArray(bytes);
        Sqe sqe = new Sqe().wrap(memory, 0);
        boolean keyed = sqe.sglType() == Sgl.KEYED;
        return new Capsule(
                sqe.commandId(),
                sqe.sglType(),
                sqe.sglAddress(),
                keyed ? Sgl.keyedLength(memory, Sqe.SGL_ADDRESS) : (int) sqe.sglLength(),
                keyed ? Sgl.key(memory, Sqe.SGL_ADDRESS) : 0,
                bytes.length,
                sqe.u64(Sqe.CDW10));
    }
}
