package org.jnvmet.verbs.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.MemoryRegion;
import org.jnvmet.verbs.ReceiveCall;
import org.jnvmet.verbs.SendCall;
import org.jnvmet.verbs.SharedReceiveQueue;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.linux.Native.CompletionChannel;
import org.jnvmet.verbs.linux.Native.CompletionQueue;
import org.jnvmet.verbs.linux.Native.Domain;
import org.jnvmet.verbs.linux.Native.Region;
import org.jnvmet.verbs.linux.Native.SharedQueue;
import org.jspecify.annotations.Nullable;

/** Verbs over libibverbs. */
final class LinuxVerbCalls extends Verbs {
    private static final long NO_CONTEXT = 0;

    private final LinuxVerbs provider;
    private final Libibverbs library;
    private final SelfCheck check;

    /** Where a completion channel's event is left, one for each thread. */
    private final ThreadLocal<MemorySegment> completionEvent =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(2L * Long.BYTES, Long.BYTES));

    LinuxVerbCalls(LinuxVerbs provider) {
        this.provider = provider;
        library = provider.libibverbs();
        check = new SelfCheck(provider.machine());
    }

    @Override
    public IbvPd allocPd(IbvContext device) throws IOException {
        LinuxDevice own = (LinuxDevice) device;
        return own.make(() -> {
            long made = library.allocPd.checkPointer(library.allocPd.pointer(own.context()));
            check.domain(made, own.context());
            return provider.make(() -> new Domain(own, made));
        });
    }

    @Override
    public int deallocPd(IbvPd domain) throws IOException {
        ((Domain) domain).pointer.destroy(library.deallocPd);
        domain.close();
        ((LinuxDevice) domain.getContext()).unuse();
        return 0;
    }

    @Override
    public MemoryRegion registerMemory(IbvPd domain, long address, long bytes, int access)
            throws IOException {
        long pd = ((Domain) domain).pointer.get();
        long made = library.regMr.pointer(pd, address, bytes, access);
        if (made == 0) {
            throw notRegistered("%s of %d bytes".formatted(library.regMr.name(), bytes));
        }
        check.region(made, pd, address, bytes);
        LinuxDevice device = (LinuxDevice) domain.getContext();
        return provider.make(() -> new Region(device, made, address, bytes, access));
    }

    @Override
    public MemoryRegion registerDmaBuf(
            IbvPd domain, int descriptor, long offset, long bytes, long address, int access)
            throws IOException {
        long pd = ((Domain) domain).pointer.get();
        long made = library.regDmabufMr.pointer(pd, offset, bytes, address, descriptor, access);
        if (made == 0) {
            throw notRegistered("%s of %d bytes".formatted(library.regDmabufMr.name(), bytes));
        }
        LinuxDevice device = (LinuxDevice) domain.getContext();
        return provider.make(() -> new Region(device, made, address, bytes, access));
    }

    private VerbsException notRegistered(String call) {
        int errno = NativeFunction.errno();
        VerbsException failure = Errno.failure(call, errno);
        if (errno != Errno.ENOMEM.number()) {
            return failure;
        }
        return new VerbsException(
                failure.getMessage() + provider.machine().lockedMemoryHint(), errno);
    }

    @Override
    public void deregister(MemoryRegion region) throws IOException {
        ((Region) region).pointer.destroy(library.deregMr);
        region.close();
    }

    @Override
    public SVCRegMr regMr(IbvPd domain, ByteBuffer buffer, int access) {
        return new MemoryCalls.Register(
                this, domain, MemorySegment.ofBuffer(buffer).address(), buffer.remaining(), access);
    }

    @Override
    public SVCRegMr regMr(IbvPd domain, long address, int bytes, int access) {
        return new MemoryCalls.Register(this, domain, address, bytes, access);
    }

    @Override
    public SVCDeregMr deregMr(IbvMr region) {
        return new MemoryCalls.Deregister(this, (Region) region);
    }

    @Override
    public IbvCompChannel createCompChannel(IbvContext device) throws IOException {
        LinuxDevice own = (LinuxDevice) device;
        return own.make(() -> {
            long made =
                    library.createCompChannel.checkPointer(
                            library.createCompChannel.pointer(own.context()));
            check.completionChannel(made, own.context());
            CompletionChannel channel = provider.make(() -> new CompletionChannel(own, made));
            Descriptors.doNotBlock(channel.getFd());
            return channel;
        });
    }

    @Override
    public int destroyCompChannel(IbvCompChannel channel) throws IOException {
        ((CompletionChannel) channel).pointer.destroy(library.destroyCompChannel);
        channel.close();
        ((LinuxDevice) channel.getContext()).unuse();
        return 0;
    }

    @Override
    public IbvCQ createCQ(
            IbvContext device, @Nullable IbvCompChannel channel, int entries, int vector)
            throws IOException {
        LinuxDevice own = (LinuxDevice) device;
        long events = channel == null ? 0 : ((CompletionChannel) channel).pointer.get();
        return own.make(() -> {
            long made =
                    library.createCq.pointer(own.context(), entries, NO_CONTEXT, events, vector);
            if (made == 0) {
                throw Errno.failure(
                        "%s of %d entries".formatted(library.createCq.name(), entries),
                        NativeFunction.errno());
            }
            check.completionQueue(made, own.context(), events, entries);
            return provider.make(() -> new CompletionQueue(own, channel, made));
        });
    }

    @Override
    public int destroyCQ(IbvCQ queue) throws IOException {
        ((CompletionQueue) queue).pointer.destroy(library.destroyCq);
        queue.close();
        ((CompletionQueue) queue).device().unuse();
        return 0;
    }

    @Override
    public boolean getCqEvent(IbvCompChannel channel, IbvCQ queue, int timeoutMs)
            throws IOException {
        long address = ((CompletionChannel) channel).pointer.get();
        long place = completionEvent.get().address();
        int answer = library.getCqEvent.call(address, place, place + Long.BYTES);
        if (answer != 0 && NativeFunction.errno() == Errno.EAGAIN.number()) {
            if (timeoutMs == 0 || !Descriptors.await(channel.getFd(), timeoutMs)) {
                return false;
            }
            answer = library.getCqEvent.call(address, place, place + Long.BYTES);
            if (answer != 0 && NativeFunction.errno() == Errno.EAGAIN.number()) {
                return false; // another thread has taken it
            }
        }
        library.getCqEvent.check(answer);
        long concerned = Abi.getLong(place, 0);
        if (concerned != ((CompletionQueue) queue).pointer.get()) {
            library.ackCqEvents.procedure(concerned, 1); // or its destruction would never end
            throw new IllegalStateException("the channel has events of another completion queue");
        }
        return true;
    }

    @Override
    public int ackCqEvents(IbvCQ queue, int count) {
        library.ackCqEvents.procedure(((CompletionQueue) queue).pointer.get(), count);
        return 0;
    }

    @Override
    public SharedReceiveQueue createSharedReceiveQueue(IbvPd domain, int entries, int segments)
            throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment attributes = arena.allocate(Abi.SIZEOF_SRQ_INIT_ATTR, Abi.SIZEOF_POINTER);
            attributes.set(JAVA_INT, Abi.SRQ_INIT_ATTR_MAX_WR, entries);
            attributes.set(JAVA_INT, Abi.SRQ_INIT_ATTR_MAX_SGE, segments);
            long pd = ((Domain) domain).pointer.get();
            long made = library.createSrq.pointer(pd, attributes.address());
            if (made == 0) {
                throw Errno.failure(
                        "%s of %d entries".formatted(library.createSrq.name(), entries),
                        NativeFunction.errno());
            }
            return new SharedQueue(made);
        }
    }

    @Override
    public void destroySharedReceiveQueue(SharedReceiveQueue queue) throws IOException {
        ((SharedQueue) queue).pointer.destroy(library.destroySrq);
    }

    @Override
    public SendCall sendCall(IbvContext device, int workRequests, int segments) {
        return new DataCalls.Send((LinuxDevice) device, workRequests, segments);
    }

    @Override
    public ReceiveCall receiveCall(IbvContext device, int workRequests, int segments) {
        return new DataCalls.Receive((LinuxDevice) device, workRequests, segments);
    }

    @Override
    public SVCPollCq pollCQ(IbvCQ queue, IbvWC[] completions, int count) {
        return new PollCall((CompletionQueue) queue, completions, count);
    }

    @Override
    public SVCReqNotify reqNotifyCQ(IbvCQ queue, boolean solicitedOnly) {
        return new DataCalls.RequestNotification((CompletionQueue) queue, solicitedOnly);
    }

    @Override
    public @Nullable AsyncEvent getAsyncEvent(IbvContext device) throws IOException {
        LinuxDevice own = (LinuxDevice) device;
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(Abi.SIZEOF_ASYNC_EVENT, Abi.SIZEOF_POINTER);
            long event = place.address();
            while (true) {
                int answer = library.getAsyncEvent.call(own.context(), event);
                if (answer != 0 && NativeFunction.errno() == Errno.EAGAIN.number()) {
                    return null;
                }
                library.getAsyncEvent.check(answer, " of " + own.name());
                AsyncEvent known = AsyncEvents.toJava(event);
                library.ackAsyncEvent.procedure(event);
                if (known != null) {
                    return known;
                }
            }
        }
    }
}
