package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;

/**
 * A command to submit: a submission queue entry and its data. Identifier and SGL are the queue's
 * business. A command may be submitted again and again; each submission copies the entry.
 */
public final class HostCommand {
    private final String name;
    private final MemorySegment entry = MemorySegment.ofArray(new byte[Sqe.BYTES]);
    private final Sqe sqe = new Sqe().wrap(entry, 0);
    private MemorySegment dataOut = MemorySegment.NULL;
    private MemorySegment dataIn = MemorySegment.NULL;

    private HostCommand(String name, int opcode) {
        this.name = name;
        sqe.u8(Sqe.OPCODE, opcode);
    }

    /** An admin command; see {@link AdminOpcode}. */
    public static HostCommand admin(int opcode) {
        return new HostCommand(AdminOpcode.name(opcode), opcode);
    }

    /** An I/O command; see {@link IoOpcode}. */
    public static HostCommand io(int opcode) {
        return new HostCommand(IoOpcode.name(opcode), opcode);
    }

    /** A Fabrics command; see {@link FabricsType}. */
    public static HostCommand fabrics(int type) {
        HostCommand command = new HostCommand(FabricsType.name(type), AdminOpcode.FABRICS);
        command.sqe.u8(Sqe.FCTYPE, type);
        return command;
    }

    public String name() {
        return name;
    }

    /** The entry, to set any field of it. */
    public Sqe sqe() {
        return sqe;
    }

    public HostCommand namespace(int nsid) {
        sqe.u32(Sqe.NSID, nsid);
        return this;
    }

    /** Sets a command dword; {@code offset} is {@link Sqe#CDW10} or one that follows. */
    public HostCommand dword(int offset, int value) {
        sqe.u32(offset, value);
        return this;
    }

    /** The command sends {@code data}; it must not change until the command is complete. */
    public HostCommand send(MemorySegment data) {
        dataOut = data;
        return this;
    }

    /** The command receives into {@code data}. */
    public HostCommand receive(MemorySegment data) {
        dataIn = data;
        return this;
    }

    /** The command receives {@code bytes} into memory of its own. */
    public HostCommand receive(int bytes) {
        return receive(MemorySegment.ofArray(new byte[bytes]));
    }

    MemorySegment entry() {
        return entry;
    }

    MemorySegment dataOut() {
        return dataOut;
    }

    MemorySegment dataIn() {
        return dataIn;
    }
}
