package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A host that is nothing but a socket: it sends what the test says and reads PDUs. */
final class RawHost implements AutoCloseable {
    private static final int PATIENCE_MS = 20_000;

    private final Socket socket;
    private final DataInputStream in;
    private int controllerId;
    Pdus pdus = Pdus.plain();

    RawHost(InetSocketAddress address) {
        try {
            socket = new Socket();
            socket.setTcpNoDelay(true);
            socket.setSoTimeout(PATIENCE_MS);
            socket.connect(address, PATIENCE_MS);
            in = new DataInputStream(socket.getInputStream());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Socket socket() {
        return socket;
    }

    DataInputStream input() {
        return in;
    }

    int controllerId() {
        return controllerId;
    }

    RawHost send(byte[]... parts) {
        try {
            socket.getOutputStream().write(Pdus.join(parts));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return this;
    }

    /** The next PDU; null when the target has closed. */
    @Nullable Received next() {
        try {
            byte[] common = new byte[8];
            in.readFully(common);
            int length = ByteBuffer.wrap(common).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
            byte[] pdu = Arrays.copyOf(common, length);
            in.readFully(pdu, 8, length - 8);
            return new Received(pdu);
        } catch (EOFException | SocketException _) {
            return null;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Received expect(int type) {
        Received pdu = Objects.requireNonNull(next(), "the target has closed");
        assertThat(pdu.type()).as("type of %s", Arrays.toString(pdu.bytes())).isEqualTo(type);
        return pdu;
    }

    /** The next PDU is the response to {@code cid} with this status (type shl 8 | code). */
    Received expectStatus(int cid, int status) {
        Received response = expect(Received.CAPSULE);
        assertThat(response.cid()).isEqualTo(cid);
        assertThat(response.status()).as("status of command %d", cid).isEqualTo(status);
        return response;
    }

    /** Nothing more comes: the target has closed. */
    void expectClose() {
        assertThat(next()).isNull();
    }

    /** The target answers on this admin queue. */
    void expectStillOpen() {
        send(pdus.identifyController(99));
        expect(Received.DATA);
        expectStatus(99, 0);
    }

    Received negotiate() {
        return negotiate(0, 0, 0);
    }

    Received negotiate(int hpda, int digests, int maxR2t) {
        send(Pdus.icReq(hpda, digests, maxR2t));
        Received response = expect(Received.IC_RESP);
        pdus = new Pdus(response.bytes()[11], response.bytes()[10]);
        return response;
    }

    /** Becomes the admin queue of a new, enabled controller. */
    RawHost admin() {
        send(pdus.connect(1, 0, 0xffff, 32, 0));
        controllerId = expectStatus(1, 0).u16(8);
        send(pdus.enable(2));
        expectStatus(2, 0);
        return this;
    }

    /** Becomes an I/O queue. */
    RawHost io(int queueId, int controller, int entries) {
        send(pdus.connect(1, queueId, controller, entries, 0));
        expectStatus(1, 0);
        return this;
    }

    /** Reads blocks, in as many PDUs as come. */
    byte[] read(int cid, long lba, int blocks) {
        send(pdus.read(cid, lba, blocks));
        byte[] data = new byte[blocks * Pdus.BLOCK];
        int got = 0;
        while (got < data.length) {
            Received pdu = expect(Received.DATA);
            assertThat(pdu.offset()).isEqualTo(got);
            System.arraycopy(pdu.data(), 0, data, got, pdu.length());
            got += pdu.length();
        }
        expectStatus(cid, 0);
        return data;
    }

    @Override
    public void close() {
        try {
            socket.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
