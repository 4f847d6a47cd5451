package org.jnvmet.verbs;

import io.netty.channel.IoEvent;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoRegistration;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import org.jspecify.annotations.Nullable;

/**
 * Has an event loop of Netty's tell when a descriptor is readable: that of an event or completion channel,
 * or of a device. Level-triggered unless said otherwise: told again as long as it is. Owned by its loop.
 */
public final class ReadableDescriptor implements EpollIoHandle {
    private final FileDescriptor descriptor;
    private final Runnable readable;
    private @Nullable IoRegistration registration;

    /** @param readable runs on the loop */
    public ReadableDescriptor(int descriptor, Runnable readable) {
        this.descriptor = new FileDescriptor(descriptor);
        this.readable = readable;
    }

    /** Begins; on the loop that will own this, or while it waits for the registration. */
    public ReadableDescriptor register(IoEventLoop loop) {
        IoRegistration made = loop.register(this).syncUninterruptibly().getNow();
        registration = made;
        long _ = made.submit(EpollIoOps.EPOLLIN);
        return this;
    }

    @Override
    public FileDescriptor fd() {
        return descriptor;
    }

    @Override
    public void handle(IoRegistration source, IoEvent event) {
        readable.run();
    }

    /** Ends, on the loop; the descriptor stays open, it is its owner's. */
    @Override
    public void close() {
        IoRegistration made = registration;
        registration = null;
        if (made != null && made.isValid()) {
            boolean _ = made.cancel();
        }
    }
}
