package org.jnvmet.verbs;

import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaConnParam;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * The RDMA connection manager: DiSNI's calls, which take {@link java.net.InetSocketAddress}es of both
 * families here, and what they lack. Any thread; the calls that concern one identifier one at a time.
 * Failures are {@link VerbsException}s with the errno.
 *
 * <p>{@link #connect} and {@link #accept} take {@link ConnectParameters}. {@link #createQP} takes the
 * {@link SharedReceiveQueue} of the attributes' {@code getSrq()}, which is its {@link
 * SharedReceiveQueue#handle()}, and {@code cap()} as it is. What is created is destroyed by the opposite
 * call, once; a device that was removed changes nothing about that.
 */
public abstract class ConnectionManager extends RdmaCm {
    /**
     * The next event of the channel, or null when there is none within the time; 0 does not wait, -1 waits
     * for ever. The event holds copies: {@link #ackCmEvent} releases its identifiers for their destruction
     * (which waits for that), the event itself stays valid.
     */
    @Override
    public abstract @Nullable CmEvent getCmEvent(RdmaEventChannel channel, int timeoutMs)
            throws IOException;

    /**
     * Asks for a connection.
     *
     * @param parameters {@link ConnectParameters}
     */
    @Override
    public abstract void connect(RdmaCmId id, RdmaConnParam parameters) throws IOException;

    /**
     * Accepts a request; the identifier has its queue pair.
     *
     * @param parameters {@link ConnectParameters}, seen from our side: initiator depth is what our RDMA READs need
     */
    @Override
    public abstract void accept(RdmaCmId id, RdmaConnParam parameters) throws IOException;

    /** Rejects a request, consumer defined, with up to 148 bytes of private data. The identifier is destroyed afterwards. */
    public abstract void reject(RdmaCmId id, byte[] privateData) throws IOException;

    /** Has an identifier bind to an address though connections of a former listener linger on it. Before bindAddr. */
    public abstract void reuseAddress(RdmaCmId id) throws IOException;

    /** Has a wildcard of IPv6 leave IPv4 alone. Before bindAddr. */
    public abstract void onlyItsFamily(RdmaCmId id) throws IOException;
}
