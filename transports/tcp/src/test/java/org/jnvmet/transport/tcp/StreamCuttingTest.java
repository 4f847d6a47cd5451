package org.jnvmet.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * The same stream means the same however it is cut, and no stream, however broken, harms more than its
 * connection. Streams are fed to connections in memory, on the loop.
 */
class StreamCuttingTest {
    private static final int BLOCK = Pdus.BLOCK;

    private final TcpFixture target = new TcpFixture(TcpFixture.SETTINGS, "mem:1M");

    @AfterEach
    void close() {
        target.close();
    }

    /** A host that negotiates, connects, enables the controller and goes on with commands that fail or not. */
    private static byte[] adminStream(int digests) {
        Pdus pdus = new Pdus(digests, 0);
        byte[] sqe = Pdus.sqe(0x01, 5, 0x01, 512).array(); // no admin command: the data is drained
        byte[] write = pdus.capsule(sqe, Pdus.pattern(1, 512));
        return Pdus.join(
                Pdus.icReq(0, digests, 0),
                pdus.connect(1, 0, 0xffff, 32, 0),
                pdus.enable(2),
                pdus.capabilities(3),
                pdus.identifyController(4),
                write,
                pdus.keepAlive(6));
    }

    /** Feeds the pieces to a new connection and returns what it answered. */
    private List<Received> answers(List<byte[]> pieces) {
        return target.onLoop(
                () -> {
                    MemoryStream stream = open();
                    pieces.forEach(stream::feed);
                    return stream;
                },
                stream -> {
                    List<Received> answers = stream.sent();
                    connection(stream).close("the test ends");
                    return answers;
                });
    }

    private final List<TcpConnection> open = new ArrayList<>();

    private MemoryStream open() {
        MemoryStream stream = new MemoryStream();
        TcpLoop loop = target.loop();
        TcpConnection connection =
                new TcpConnection(
                        loop,
                        target.listener(),
                        new TcpConnection.Endpoints("192.0.2.1", 1, "192.0.2.2", "4420"),
                        stream::attach);
        loop.reserve();
        boolean _ = loop.add(connection);
        open.add(connection);
        return stream;
    }

    private TcpConnection connection(MemoryStream stream) {
        assertThat(stream).isNotNull();
        return Objects.requireNonNull(open.removeLast());
    }

    private static String outline(List<Received> answers) {
        StringBuilder text = new StringBuilder();
        for (Received pdu : answers) {
            text.append(pdu.type()).append(' ').append(pdu.bytes().length);
            if (pdu.type() == Received.CAPSULE) {
                text.append(" cid ").append(pdu.cid()).append(" status ").append(pdu.status());
            }
            text.append('\n');
        }
        return text.toString();
    }

    private void meansTheSameCutAnywhere(byte[] stream) {
        String whole = outline(answers(List.of(stream)));
        assertThat(whole).contains("cid 6 status 0");
        for (int cut = 1; cut < stream.length; cut++) {
            List<byte[]> pieces =
                    List.of(
                            Arrays.copyOf(stream, cut),
                            Arrays.copyOfRange(stream, cut, stream.length));
            assertThat(outline(answers(pieces))).as("cut at %d", cut).isEqualTo(whole);
        }
        List<byte[]> bytes = new ArrayList<>();
        for (byte b : stream) {
            bytes.add(new byte[] {b});
        }
        assertThat(outline(answers(bytes))).as("byte by byte").isEqualTo(whole);
    }

    @Test
    void meansTheSameCutAnywhereWithoutDigests() {
        meansTheSameCutAnywhere(adminStream(0));
    }

    @Test
    void meansTheSameCutAnywhereWithDigests() {
        meansTheSameCutAnywhere(adminStream(Pdus.HDGST | Pdus.DDGST));
    }

    @Test
    void survivesMutatedStreams() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 3000; round++) {
            byte[] stream = mutated(random, adminStream(random.nextInt(4)));
            survives(random, stream, "mutation, -Dseed=%d, round %d".formatted(seed, round));
        }
    }

    @Test
    void survivesRandomStreams() {
        long seed = Long.getLong("seed", System.nanoTime());
        Random random = new Random(seed);
        for (int round = 0; round < 3000; round++) {
            byte[] noise = new byte[random.nextInt(4 * BLOCK)];
            random.nextBytes(noise);
            byte[] start = random.nextBoolean() ? Pdus.icReq(0, random.nextInt(4), 0) : new byte[0];
            byte[] plausible = {(byte) (random.nextBoolean() ? 4 : 6), 0, 72, 72};
            byte[] stream = Pdus.join(start, random.nextBoolean() ? plausible : start, noise);
            survives(random, stream, "noise, -Dseed=%d, round %d".formatted(seed, round));
        }
    }

    private static byte[] mutated(Random random, byte[] stream) {
        byte[] copy = stream.clone();
        int changes = 1 + random.nextInt(4);
        for (int i = 0; i < changes; i++) {
            int at = random.nextInt(copy.length);
            switch (random.nextInt(4)) {
                case 0 -> copy[at] ^= (byte) (1 << random.nextInt(8));
                case 1 -> copy[at] = (byte) random.nextInt();
                case 2 -> copy = Pdus.join(Arrays.copyOf(copy, at), tail(copy, at + 1));
                default ->
                        copy =
                                Pdus.join(
                                        Arrays.copyOf(copy, at),
                                        new byte[random.nextInt(9)],
                                        tail(copy, at));
            }
        }
        return copy;
    }

    private static byte[] tail(byte[] bytes, int from) {
        return Arrays.copyOfRange(bytes, Math.min(from, bytes.length), bytes.length);
    }

    /** In the end the connection has said why it ends, or still makes sense of what comes. */
    private void survives(Random random, byte[] stream, String what) {
        List<byte[]> pieces = new ArrayList<>();
        for (int at = 0; at < stream.length; ) {
            int end = Math.min(stream.length, at + 1 + random.nextInt(2048));
            pieces.add(Arrays.copyOfRange(stream, at, end));
            at = end;
        }
        List<Received> answers = answers(pieces);
        for (int i = 0; i < answers.size(); i++) {
            boolean last = i == answers.size() - 1;
            assertThat(answers.get(i).type() != Received.TERM_REQ || last).as(what).isTrue();
        }
        assertThat(target.logged(ch.qos.logback.classic.Level.ERROR)).as(what).isEmpty();
    }
}
