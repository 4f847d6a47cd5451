package org.jnvmet.verbs.linux;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.VerbsProvider;

/**
 * A {@code struct ibv_context}, which librdmacm has opened and keeps open. The kernel takes a device of
 * a driver that cannot let go of programs (rxe, siw) away only when they have closed it: that is done here
 * once the removal is told and nothing of the device is left. Any thread.
 */
final class LinuxDevice extends Device {
    private static final int TRANSPORT_IWARP = 1;

    private final long context;
    private final String name;
    private final Limits limits;
    private final int commandDescriptor;
    private final int asyncDescriptor;
    private final Operations operations;

    /** Domains, completion queues and channels that there are; all else needs one of them. */
    private int uses;

    private boolean removed;
    private boolean abandoned;

    private LinuxDevice(long context, String name, Limits limits) throws IOException {
        super(
                Abi.getInt(context, Abi.CONTEXT_CMD_FD),
                Abi.getInt(context, Abi.CONTEXT_NUM_COMP_VECTORS));
        this.context = context;
        this.name = name;
        this.limits = limits;
        commandDescriptor = Abi.getInt(context, Abi.CONTEXT_CMD_FD);
        asyncDescriptor = Abi.getInt(context, Abi.CONTEXT_ASYNC_FD);
        operations = Operations.of(context);
    }

    /** The device of a context; its asynchronous events do not block from now on. */
    static LinuxDevice of(long context, Libibverbs library, Machine machine) throws IOException {
        String name = nameOf(context);
        boolean software = !Files.exists(machine.device(name).resolve("device"));
        LinuxDevice made = new LinuxDevice(context, name, limitsOf(context, library, software));
        Descriptors.doNotBlock(made.asyncDescriptor);
        return made;
    }

    static String nameOf(long context) {
        long device = Abi.getLong(context, Abi.CONTEXT_DEVICE);
        MemorySegment name = Abi.slice(device, Abi.DEVICE_NAME, Abi.DEVICE_NAME_BYTES);
        return name.getString(0, StandardCharsets.US_ASCII);
    }

    private static Limits limitsOf(long context, Libibverbs library, boolean software)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(Abi.SIZEOF_DEVICE_ATTR, Abi.SIZEOF_POINTER);
            long attributes = memory.address();
            library.queryDevice.check(library.queryDevice.call(context, attributes));
            int segments = Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_SGE);
            int ofReads = Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_SGE_RD);
            long bytes = Abi.getLong(attributes, Abi.DEVICE_ATTR_MAX_MR_SIZE);
            int shared = Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_SRQ);
            int transport =
                    Abi.getInt(Abi.getLong(context, Abi.CONTEXT_DEVICE), Abi.DEVICE_TRANSPORT_TYPE);
            return new Limits(
                    Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_QP_WR),
                    segments,
                    ofReads > 0 ? Math.min(ofReads, segments) : segments, // 0: some do not say
                    Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_CQE),
                    bytes < 0 ? Long.MAX_VALUE : bytes, // unsigned: all there is
                    Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_QP_RD_ATOM),
                    Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_QP_INIT_RD_ATOM),
                    shared > 0 ? Abi.getInt(attributes, Abi.DEVICE_ATTR_MAX_SRQ_WR) : 0,
                    transport == TRANSPORT_IWARP,
                    software);
        }
    }

    /** Whether the context at this address is the one that this object was made of, not one opened since. */
    boolean isPresent() {
        return asyncDescriptor == Abi.getInt(context, Abi.CONTEXT_ASYNC_FD)
                && Descriptors.neverBlocks(asyncDescriptor)
                && name.equals(nameOf(context));
    }

    /** Makes an object of the device, and counts it. */
    <T> T make(VerbsProvider.Construction<T> construction) throws IOException {
        use();
        boolean made = false;
        try {
            T object = construction.run();
            made = true;
            return object;
        } finally {
            if (!made) {
                unuse();
            }
        }
    }

    private synchronized void use() throws VerbsException {
        if (abandoned) {
            throw Errno.failure("device " + name, Errno.ENODEV.number());
        }
        uses++;
    }

    /** An object of the device is destroyed. */
    synchronized void unuse() throws VerbsException {
        uses--;
        abandonIfUnused();
    }

    /** The kernel has told that the device goes. */
    synchronized void removed() throws VerbsException {
        removed = true;
        abandonIfUnused();
    }

    private void abandonIfUnused() throws VerbsException {
        if (removed && uses == 0 && !abandoned) {
            abandoned = true;
            Descriptors.empty(commandDescriptor, asyncDescriptor);
        }
    }

    /** Whether it is gone, and nothing of it is left. */
    synchronized boolean isAbandoned() {
        return abandoned;
    }

    long context() {
        return context;
    }

    Operations operations() {
        return operations;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Limits limits() {
        return limits;
    }

    @Override
    public int asyncDescriptor() {
        return asyncDescriptor;
    }
}
