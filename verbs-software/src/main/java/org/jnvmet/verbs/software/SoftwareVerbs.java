package org.jnvmet.verbs.software;

import com.ibm.disni.verbs.IbvCQ;
import com.ibm.disni.verbs.IbvCompChannel;
import com.ibm.disni.verbs.IbvContext;
import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.IbvWC;
import com.ibm.disni.verbs.SVCDeregMr;
import com.ibm.disni.verbs.SVCPollCq;
import com.ibm.disni.verbs.SVCRegMr;
import com.ibm.disni.verbs.SVCReqNotify;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.software.Ledger.Kind;
import org.jspecify.annotations.Nullable;

/** The verbs of a fabric. */
final class SoftwareVerbs extends Verbs {
    private static final int KNOWN_ACCESS =
            IbvMr.IBV_ACCESS_LOCAL_WRITE
                    | IbvMr.IBV_ACCESS_REMOTE_WRITE
                    | IbvMr.IBV_ACCESS_REMOTE_READ
                    | IbvMr.IBV_ACCESS_REMOTE_ATOMIC
                    | 1 << 20; // relaxed ordering, which changes nothing here

    private final Network network;

    SoftwareVerbs(Network network) {
        this.network = network;
    }

    @Override
    public IbvPd allocPd(IbvContext context) throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.ALLOCATE_DOMAIN, "ibv_alloc_pd");
            SoftwareDevice device = present(context, "ibv_alloc_pd");
            int handle = network.nextNumber();
            ProtectionDomain made =
                    network.provider().make(() -> new ProtectionDomain(device, handle));
            network.ledger().made(Kind.DOMAIN, made);
            return made;
        });
    }

    @Override
    public int deallocPd(IbvPd domain) throws IOException {
        return network.locked(() -> {
            ProtectionDomain own = domain(domain);
            if (own.users() > 0) {
                throw busy("ibv_dealloc_pd", own.users() + " objects of it are there");
            }
            network.ledger().gone(Kind.DOMAIN, own);
            own.close();
            return 0;
        });
    }

    @Override
    public MemoryRegion registerMemory(IbvPd domain, long address, long bytes, int access)
            throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.REGISTER, "ibv_reg_mr");
            return register("ibv_reg_mr", domain(domain), address, bytes, access);
        });
    }

    @Override
    public MemoryRegion registerDmaBuf(
            IbvPd domain, int descriptor, long offset, long bytes, long address, int access)
            throws IOException {
        return network.locked(() -> {
            String call = "ibv_reg_dmabuf_mr";
            network.step(Faults.Step.REGISTER, call);
            ProtectionDomain own = domain(domain);
            if (!own.device().hasDmaBuf()) {
                throw Errno.of(Errno.EOPNOTSUPP, call, own.device() + " has no peer memory");
            }
            long there = Mappings.bytes(descriptor, call);
            if (offset < 0 || bytes > there || offset > there - bytes) {
                throw Errno.of(
                        Errno.EINVAL,
                        call,
                        "%d bytes at %d, of %d".formatted(bytes, offset, there));
            }
            if (bytes > 0 && !Mappings.maps(descriptor, offset, address, bytes)) {
                throw Errno.of(
                        Errno.EFAULT, call, "the dma-buf is not mapped at 0x%x".formatted(address));
            }
            return register(call, own, address, bytes, access);
        });
    }

    private MemoryRegion register(
            String call, ProtectionDomain domain, long address, long bytes, int access)
            throws IOException {
        domain.device().checkPresent(call);
        boolean remoteWrites = (access & IbvMr.IBV_ACCESS_REMOTE_WRITE) != 0;
        boolean localWrites = (access & IbvMr.IBV_ACCESS_LOCAL_WRITE) != 0;
        if ((access & ~KNOWN_ACCESS) != 0 || (remoteWrites && !localWrites)) {
            throw Errno.of(Errno.EINVAL, call, "access 0x%x".formatted(access));
        }
        if (bytes <= 0) {
            throw Errno.of(Errno.EINVAL, call, bytes + " bytes");
        }
        if (bytes > domain.device().limits().memoryRegionBytes()) {
            throw Errno.of(Errno.ENOMEM, call, bytes + " bytes are more than the device takes");
        }
        if (!EventDescriptor.mapped(address, bytes)) {
            throw Errno.of(Errno.EFAULT, call, "there is no memory at 0x%x".formatted(address));
        }
        Region made = domain.device().register(domain, address, bytes, access);
        domain.join();
        network.ledger().made(Kind.REGION, made);
        return made;
    }

    @Override
    public void deregister(MemoryRegion region) throws IOException {
        network.locked(() -> {
            network.ledger().gone(Kind.REGION, region);
            Region own = (Region) region;
            own.domain().device().deregister(own);
            own.domain().leave();
            own.close();
            return 0;
        });
    }

    @Override
    public SVCRegMr regMr(IbvPd domain, ByteBuffer buffer, int access) {
        if (!buffer.isDirect()) {
            throw new IllegalArgumentException("not a direct buffer");
        }
        return new Registration(
                domain, MemorySegment.ofBuffer(buffer).address(), buffer.remaining(), access);
    }

    @Override
    public SVCRegMr regMr(IbvPd domain, long address, int length, int access) {
        return new Registration(domain, address, length, access);
    }

    @Override
    public SVCDeregMr deregMr(IbvMr region) {
        return new Deregistration((MemoryRegion) region);
    }

    @Override
    public IbvCompChannel createCompChannel(IbvContext context) throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.CREATE_CHANNEL, "ibv_create_comp_channel");
            SoftwareDevice device = present(context, "ibv_create_comp_channel");
            EventDescriptor descriptor = new EventDescriptor();
            CompletionChannel made =
                    network.provider().make(() -> new CompletionChannel(device, descriptor));
            network.ledger().made(Kind.CHANNEL, made);
            return made;
        });
    }

    @Override
    public int destroyCompChannel(IbvCompChannel channel) throws IOException {
        return network.locked(() -> {
            CompletionChannel own = (CompletionChannel) channel;
            network.ledger().present(Kind.CHANNEL, own);
            if (own.isUsed()) {
                throw busy("ibv_destroy_comp_channel", "completion queues use it");
            }
            network.ledger().gone(Kind.CHANNEL, own);
            own.shut();
            return 0;
        });
    }

    @Override
    public IbvCQ createCQ(
            IbvContext context, @Nullable IbvCompChannel channel, int entries, int vector)
            throws IOException {
        return network.locked(() -> {
            network.step(Faults.Step.CREATE_CQ, "ibv_create_cq");
            SoftwareDevice device = present(context, "ibv_create_cq");
            if (entries < 1 || entries > device.limits().completionEntries()) {
                throw Errno.of(Errno.EINVAL, "ibv_create_cq", entries + " entries");
            }
            if (vector < 0 || vector >= SoftwareDevice.COMPLETION_VECTORS) {
                throw Errno.of(Errno.EINVAL, "ibv_create_cq", "vector " + vector);
            }
            CompletionChannel events = (CompletionChannel) channel;
            if (events != null) {
                network.ledger().present(Kind.CHANNEL, events);
            }
            int handle = network.nextNumber();
            CompletionQueue made =
                    network.provider()
                            .make(() -> new CompletionQueue(device, events, entries, handle));
            if (events != null) {
                events.join(made);
            }
            network.ledger().made(Kind.COMPLETION_QUEUE, made);
            return made;
        });
    }

    @Override
    public int destroyCQ(IbvCQ queue) throws IOException {
        return network.locked(() -> {
            CompletionQueue own = (CompletionQueue) queue;
            network.ledger().present(Kind.COMPLETION_QUEUE, own);
            if (!own.queuePairs().isEmpty()) {
                throw busy("ibv_destroy_cq", "queue pairs use it");
            }
            if (own.unacknowledged() > 0) {
                throw new IllegalStateException(
                        "ibv_destroy_cq waits for ever: %d events are not acknowledged"
                                .formatted(own.unacknowledged()));
            }
            network.ledger().gone(Kind.COMPLETION_QUEUE, own);
            CompletionChannel events = own.events();
            if (events != null) {
                events.leave(own);
            }
            own.destroy();
            return 0;
        });
    }

    @Override
    public boolean getCqEvent(IbvCompChannel channel, IbvCQ queue, int timeoutMs)
            throws IOException {
        try {
            return ((CompletionChannel) channel).take(timeoutMs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    @Override
    public int ackCqEvents(IbvCQ queue, int count) {
        ((CompletionQueue) queue).acknowledge(count);
        return 0;
    }

    @Override
    public SharedReceiveQueue createSharedReceiveQueue(IbvPd domain, int entries, int segments)
            throws IOException {
        return network.locked(() -> {
            String call = "ibv_create_srq";
            network.step(Faults.Step.CREATE_SRQ, call);
            ProtectionDomain own = domain(domain);
            SoftwareDevice device = own.device();
            device.checkPresent(call);
            int most = device.limits().sharedReceiveEntries();
            if (most == 0) {
                throw Errno.of(Errno.EOPNOTSUPP, call, device + " has none");
            }
            if (entries < 1
                    || entries > most
                    || segments < 0
                    || segments > device.limits().scatterEntries()) {
                throw Errno.of(
                        Errno.EINVAL,
                        call,
                        "%d entries of %d segments".formatted(entries, segments));
            }
            SoftwareReceiveQueue made =
                    new SoftwareReceiveQueue(own, entries, segments, network.nextNumber());
            network.receiveQueues().put(made.handle(), made);
            network.ledger().made(Kind.SHARED_RECEIVE_QUEUE, made);
            return made;
        });
    }

    @Override
    public void destroySharedReceiveQueue(SharedReceiveQueue queue) throws IOException {
        network.locked(() -> {
            SoftwareReceiveQueue own = (SoftwareReceiveQueue) queue;
            network.ledger().present(Kind.SHARED_RECEIVE_QUEUE, own);
            if (own.queuePairs() > 0) {
                throw busy("ibv_destroy_srq", own.queuePairs() + " queue pairs use it");
            }
            network.ledger().gone(Kind.SHARED_RECEIVE_QUEUE, own);
            network.receiveQueues().remove(own.handle());
            own.destroy();
            return 0;
        });
    }

    @Override
    public SendCall sendCall(IbvContext device, int workRequests, int segments) {
        return new Calls.Send(workRequests, segments);
    }

    @Override
    public ReceiveCall receiveCall(IbvContext device, int workRequests, int segments) {
        return new Calls.Receive(workRequests, segments);
    }

    @Override
    public SVCPollCq pollCQ(IbvCQ queue, IbvWC[] completions, int count) {
        return new Calls.Poll((CompletionQueue) queue, completions, count);
    }

    @Override
    public SVCReqNotify reqNotifyCQ(IbvCQ queue, boolean solicitedOnly) {
        return new Calls.Notify(network, (CompletionQueue) queue, solicitedOnly);
    }

    @Override
    public @Nullable AsyncEvent getAsyncEvent(IbvContext device) throws IOException {
        return network.<@Nullable AsyncEvent>locked(
                () -> SoftwareDevice.of(device).nextAsyncEvent());
    }

    private static SoftwareDevice present(IbvContext context, String call) throws VerbsException {
        SoftwareDevice device = SoftwareDevice.of(context);
        device.checkPresent(call);
        return device;
    }

    private ProtectionDomain domain(IbvPd domain) {
        network.ledger().present(Kind.DOMAIN, domain);
        return (ProtectionDomain) domain;
    }

    private static VerbsException busy(String call, String why) {
        return Errno.of(Errno.EBUSY, call, why);
    }

    /** DiSNI's way to register. */
    private final class Registration extends SVCRegMr {
        private final IbvPd domain;
        private final long address;
        private final int bytes;
        private final int access;
        private @Nullable MemoryRegion region;

        Registration(IbvPd domain, long address, int bytes, int access) {
            this.domain = domain;
            this.address = address;
            this.bytes = bytes;
            this.access = access;
        }

        @Override
        public SVCRegMr execute() throws IOException {
            region = registerMemory(domain, address, bytes, access);
            return this;
        }

        @Override
        public boolean isValid() {
            return true;
        }

        @Override
        public SVCRegMr free() {
            return this;
        }

        @Override
        public @Nullable IbvMr getMr() {
            return region;
        }
    }

    /** DiSNI's way to undo that. */
    private final class Deregistration extends SVCDeregMr {
        private final MemoryRegion region;

        Deregistration(MemoryRegion region) {
            this.region = region;
        }

        @Override
        public SVCDeregMr execute() throws IOException {
            deregister(region);
            return this;
        }

        @Override
        public boolean isValid() {
            return region.isOpen();
        }

        @Override
        public SVCDeregMr free() {
            return this;
        }
    }
}
