package org.jnvmet.host.offload.socket;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

/**
 * A controller on a real socket, written out for the devices' tests: it reads and writes a memory of
 * 512-byte blocks, in answer to capsules with data and without (then it asks for all by one R2T), and
 * nothing else. It knows nothing of the product's own protocol.
 */
final class MemoryController implements AutoCloseable {
    static final int BLOCK = 512;
    static final int BLOCKS = (8 << 20) / BLOCK;

    private static final int CAPSULE = 72;
    private static final int HEADER = 24;
    private static final int READ = 2;
    private static final int WRITE = 1;
    private static final int FLUSH = 0;

    private final ServerSocket listener;
    private final byte[] memory = new byte[BLOCKS * BLOCK];
    private final List<Socket> connections = new CopyOnWriteArrayList<>();
    private final List<Thread> threads = new CopyOnWriteArrayList<>();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Manner manner;
    private final CountDownLatch goOn = new CountDownLatch(1);
    private final CountDownLatch wentOn = new CountDownLatch(1);
    private volatile boolean pauses;
    private volatile int commandsUntilCut = Integer.MAX_VALUE;

    /** How it treats its hosts. */
    enum Manner {
        SERVES,
        /** Does not answer ICReq. */
        SILENT,
        /** Answers ICReq and reads nothing more. */
        DEAF
    }

    MemoryController(Manner manner) {
        this.manner = manner;
        try {
            listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        threads.add(Thread.ofPlatform().daemon().start(this::accept));
    }

    String port() {
        return Integer.toString(listener.getLocalPort());
    }

    /** Where its hosts have connected from. */
    List<InetAddress> peers() {
        return connections.stream().map(Socket::getInetAddress).toList();
    }

    /** Cuts each connection in the middle of the answer to so many commands from its beginning. */
    MemoryController cutAfter(int commands) {
        commandsUntilCut = commands;
        return this;
    }

    /** Connections from now on pause in the middle of the data of each read, until {@link #goOn}. */
    void pause() {
        pauses = true;
    }

    /** Lets the first read that pauses go on, and waits until its data is sent. */
    void goOn() throws InterruptedException {
        goOn.countDown();
        wentOn.await();
    }

    private void accept() {
        while (true) {
            try {
                Socket socket = listener.accept();
                connections.add(socket);
                threads.add(Thread.ofPlatform().daemon().start(() -> serve(socket)));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = socket.getInputStream();
            OutputStream out = socket.getOutputStream();
            ByteBuffer request = read(in, 128);
            if (manner == Manner.SILENT) {
                readToTheEnd(in);
                return;
            }
            ByteBuffer response = pdu(1, 0, 128, 0, 128);
            write(out, response.put(11, request.get(11)).putInt(12, 1 << 20));
            if (manner == Manner.DEAF) {
                ended.await();
                readToTheEnd(in);
                return;
            }
            boolean pausing = pauses;
            for (int left = commandsUntilCut; ; left--) {
                answer(in, out, left == 0, pausing);
            }
        } catch (IOException | InterruptedException e) {
            // The host has gone, or the connection was cut.
        }
    }

    private static void readToTheEnd(InputStream in) throws IOException {
        long _ = in.transferTo(OutputStream.nullOutputStream());
    }

    private void answer(InputStream in, OutputStream out, boolean cut, boolean pausing)
            throws IOException, InterruptedException {
        ByteBuffer capsule = read(in, CAPSULE);
        int opcode = capsule.get(8);
        short id = capsule.getShort(10);
        if (opcode == READ || opcode == WRITE) {
            int from = (int) capsule.getLong(48) * BLOCK;
            int bytes = (capsule.getShort(56) + 1) * BLOCK;
            if (opcode == READ) {
                sendData(out, id, from, cut || pausing ? bytes / 2 : bytes, bytes);
                if (pausing) {
                    goOn.await();
                    out.write(memory, from + bytes / 2, bytes / 2);
                    wentOn.countDown();
                }
            } else if (capsule.getInt(4) > CAPSULE) {
                in.readNBytes(memory, from, bytes);
            } else {
                takeData(in, out, id, from, bytes);
            }
        } else if (opcode != FLUSH) {
            return; // as an Asynchronous Event Request: it waits for ever
        }
        if (cut) {
            throw new EOFException("cut");
        }
        write(out, pdu(5, 0, HEADER, 0, HEADER).putShort(20, id));
    }

    private void sendData(OutputStream out, short id, int from, int bytes, int announced)
            throws IOException {
        ByteBuffer header = pdu(7, 4, HEADER, HEADER, HEADER + announced);
        byte[] all = new byte[HEADER + bytes];
        header.putShort(8, id).putInt(16, announced).get(0, all, 0, HEADER);
        System.arraycopy(memory, from, all, HEADER, bytes);
        out.write(all);
    }

    private void takeData(InputStream in, OutputStream out, short id, int from, int bytes)
            throws IOException {
        ByteBuffer r2t = pdu(9, 0, HEADER, 0, HEADER).putShort(8, id).putShort(10, id);
        write(out, r2t.putInt(16, bytes));
        // Tests that write so have one command outstanding: no capsule comes in between.
        for (int taken = 0; taken < bytes; ) {
            ByteBuffer header = read(in, HEADER);
            int part = header.getInt(16);
            in.readNBytes(memory, from + header.getInt(12), part);
            taken += part;
        }
    }

    private static ByteBuffer read(InputStream in, int count) throws IOException {
        byte[] bytes = in.readNBytes(count);
        if (bytes.length < count) {
            throw new EOFException("end of stream");
        }
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static void write(OutputStream out, ByteBuffer pdu) throws IOException {
        byte[] bytes = new byte[pdu.remaining()];
        pdu.get(bytes);
        out.write(bytes);
    }

    private static ByteBuffer pdu(int type, int flags, int headerLength, int offset, int length) {
        return ByteBuffer.allocate(headerLength)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put((byte) type)
                .put((byte) flags)
                .put((byte) headerLength)
                .put((byte) offset)
                .putInt(length)
                .clear();
    }

    /** Fills a block with its number, as reading it shall find. */
    MemoryController numberBlocks() {
        ByteBuffer buffer = ByteBuffer.wrap(memory).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 0; at < memory.length; at += Integer.BYTES) {
            buffer.putInt(at, at / BLOCK);
        }
        return this;
    }

    /** Ends; each host has closed its connections, or the threads that serve them would never end. */
    @Override
    public void close() {
        ended.countDown();
        try {
            listener.close();
            for (Thread each : threads) {
                assertThat(each.join(Duration.ofSeconds(20))).as("the host has closed").isTrue();
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
