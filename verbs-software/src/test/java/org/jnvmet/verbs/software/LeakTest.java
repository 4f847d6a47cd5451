package org.jnvmet.verbs.software;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.jnvmet.verbs.software.QueueTest.assertErrno;

import com.ibm.disni.verbs.RdmaCmEvent.EventType;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.verbs.CmEvent;
import org.jnvmet.verbs.ConnectionManager;
import org.junit.jupiter.api.Test;

/** What is made is counted until it is destroyed, once and in order. */
class LeakTest {
    private static final int CONNECTIONS = 1000;

    private final SoftwareFabric fabric = Pair.fabric();

    @Test
    void thousandConnectionsLeaveNothing() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            int _ = pair.cm.disconnect(pair.target.id);
        }
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        long descriptors = descriptors();
        for (int i = 0; i < CONNECTIONS; i++) {
            try (Pair pair = new Pair(fabric)) {
                pair.target.receive(1, 0, 64);
                int _ = pair.cm.disconnect(i % 2 == 0 ? pair.target.id : pair.host.id);
            }
        }
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
        fabric.close();
        fabric.close();
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(each -> target(each).startsWith("anon_inode")).count();
        }
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString();
        } catch (IOException e) {
            return ""; // that of the listing itself
        }
    }

    @Test
    void allIsCounted() throws IOException {
        End.Shape shared = new End.Shape(8, 64, 0, true);
        Pair pair = new Pair(fabric, Pair.Shape.of(End.Shape.USUAL, shared));
        assertThat(fabric.resources()).isEqualTo(new Resources(3, 2, 2, 2, 2, 1, 4));
        assertThatThrownBy(fabric::close)
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("queuePairs=2");
        pair.close();
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
    }

    @Test
    void requestsNobodyTookAreCounted() throws IOException {
        ConnectionManager cm = fabric.provider().openCm();
        RdmaEventChannel events = cm.createEventChannel();
        RdmaCmId listener = Pair.listen(cm, events, Pair.TARGET);
        RdmaEventChannel host = cm.createEventChannel();
        RdmaCmId id = Pair.resolve(cm, host, Pair.HOST, Pair.TARGET);
        End end = new End(fabric.provider(), id, End.Shape.USUAL);
        cm.connect(id, Pair.Shape.depths());
        assertThat(fabric.resources().ids()).isEqualTo(3);
        int _ = cm.destroyCmId(listener);
        CmEvent _ = Pair.expect(cm, host, EventType.RDMA_CM_EVENT_REJECTED);
        end.close();
        int _ = cm.destroyEventChannel(events);
        int _ = cm.destroyEventChannel(host);
        assertThat(fabric.resources()).isEqualTo(Resources.NONE);
        fabric.close();
    }

    @Test
    void usersKeepWhatTheyUse() throws IOException {
        try (Pair pair = new Pair(fabric)) {
            End end = pair.host;
            assertErrno(Errno.EBUSY, () -> end.verbs.destroyCQ(end.queue));
            assertErrno(Errno.EBUSY, () -> end.verbs.destroyCompChannel(end.channel));
            assertErrno(Errno.EBUSY, () -> end.verbs.deallocPd(end.domain));
            assertErrno(Errno.EBUSY, () -> pair.cm.destroyCmId(end.id));
            assertErrno(Errno.EBUSY, () -> pair.cm.destroyEventChannel(pair.hostEvents));
        }
        fabric.close();
    }

    @Test
    void secondDestructionIsAMisuse() throws IOException {
        Pair pair = new Pair(fabric);
        pair.close();
        End end = pair.host;
        assertMisuse(() -> end.verbs.destroyCQ(end.queue));
        assertMisuse(() -> end.verbs.destroyCompChannel(end.channel));
        assertMisuse(() -> end.verbs.deallocPd(end.domain));
        assertMisuse(() -> end.verbs.deregister(end.region));
        assertMisuse(() -> pair.cm.destroyCmId(end.id));
        assertMisuse(() -> pair.cm.destroyQP(end.id));
        assertMisuse(() -> pair.cm.destroyEventChannel(pair.hostEvents));
        assertMisuse(() -> pair.cm.getCmEvent(pair.hostEvents, 0));
        assertMisuse(end::polls);
        assertMisuse(() -> end.verbs.createCQ(end.device, end.channel, 1, 0));
        fabric.close();
    }

    private static void assertMisuse(ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOf(IllegalStateException.class);
    }
}
