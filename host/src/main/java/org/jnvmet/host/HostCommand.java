package org.jnvmet.host;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.List;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.DataDirection;
import org.jnvmet.wire.FabricsType;
import org.jnvmet.wire.IoOpcode;
import org.jnvmet.wire.Sqe;

/**
 * A command to submit: a submission queue entry and its data. Identifier and SGL are the queue's
 * business. A command may be submitted again and again, and may be made another one by {@link #reset}
 * when it is not outstanding; neither allocates.
 */
public final class HostCommand {
    private final MemorySegment entry = MemorySegment.ofArray(new byte[Sqe.BYTES]);
    private final Sqe sqe = new Sqe().wrap(entry, 0);
    private final HostData data = new HostData();
    private DataDirection direction = DataDirection.NONE;
    private boolean io;

    /** An admin command; see {@link AdminOpcode}. */
    public static HostCommand admin(int opcode) {
        return new HostCommand().reset(opcode, false);
    }

    /** An I/O command; see {@link IoOpcode}. */
    public static HostCommand io(int opcode) {
        return new HostCommand().reset(opcode, true);
    }

    /** A Fabrics command; see {@link FabricsType}. */
    public static HostCommand fabrics(int type) {
        HostCommand command = admin(AdminOpcode.FABRICS);
        command.sqe.u8(Sqe.FCTYPE, type);
        return command;
    }

    /** Makes it another command, without data. */
    HostCommand reset(int opcode, boolean ioCommand) {
        entry.fill((byte) 0);
        sqe.u8(Sqe.OPCODE, opcode);
        io = ioCommand;
        data.clear();
        direction = DataDirection.NONE;
        return this;
    }

    /** The standard's name of the command. */
    public String name() {
        int opcode = sqe.opcode();
        if (opcode == AdminOpcode.FABRICS) {
            return FabricsType.name(sqe.fabricsType());
        }
        return io ? IoOpcode.name(opcode) : AdminOpcode.name(opcode);
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

    /** The command sends {@code bytes}; they must not change until the command is complete. */
    public HostCommand send(MemorySegment bytes) {
        data.set(bytes);
        direction = DataDirection.HOST_TO_CONTROLLER;
        return this;
    }

    /** The command sends what is between position and limit. */
    public HostCommand send(ByteBuffer bytes) {
        return send(MemorySegment.ofBuffer(bytes));
    }

    /** The command sends these segments, one after the other. */
    public HostCommand send(List<MemorySegment> segments) {
        data.clear();
        segments.forEach(data::add);
        direction = DataDirection.HOST_TO_CONTROLLER;
        return this;
    }

    /** The command receives into {@code bytes}. */
    public HostCommand receive(MemorySegment bytes) {
        data.set(bytes);
        direction = DataDirection.CONTROLLER_TO_HOST;
        return this;
    }

    /** The command receives into what is between position and limit. */
    public HostCommand receive(ByteBuffer bytes) {
        return receive(MemorySegment.ofBuffer(bytes));
    }

    /** The command receives into these segments, one after the other. */
    public HostCommand receive(List<MemorySegment> segments) {
        data.clear();
        segments.forEach(data::add);
        direction = DataDirection.CONTROLLER_TO_HOST;
        return this;
    }

    /** The command receives {@code bytes} into memory of its own. */
    public HostCommand receive(int bytes) {
        return receive(MemorySegment.ofArray(new byte[bytes]));
    }

    /** Its data; empty when there is none. */
    public HostData data() {
        return data;
    }

    /** Which way the data goes; NONE without data. */
    public DataDirection direction() {
        return data.segments() == 0 ? DataDirection.NONE : direction;
    }

    /** Bytes that go to the controller. */
    public long bytesOut() {
        return direction() == DataDirection.HOST_TO_CONTROLLER ? data.bytes() : 0;
    }

    /** Bytes that come from the controller. */
    public long bytesIn() {
        return direction() == DataDirection.CONTROLLER_TO_HOST ? data.bytes() : 0;
    }
}
