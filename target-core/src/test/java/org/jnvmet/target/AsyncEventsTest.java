package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.wire.AdminOpcode;
import org.jnvmet.wire.Sqe;
import org.jnvmet.wire.Status;
import org.jnvmet.wire.admin.Feature;
import org.jnvmet.wire.admin.LogPage;
import org.jnvmet.wire.admin.LogPageCommand;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AsyncEventsTest {
    private static final long NAMESPACE_CHANGED = 0x0004_0002;
    private static final long ANA_CHANGED = 0x000c_0302;
    private static final int ALL = 0x900;

    private final CoreFixture fixture = new CoreFixture();
    private final TestQueue admin = fixture.admin();

    @AfterEach
    void close() {
        fixture.close();
    }

    private void enable(int events) {
        FeatureTest.set(admin, Feature.ASYNC_EVENT_CONFIGURATION, events);
    }

    private int await() {
        int id = admin.send(TestQueue.admin(AdminOpcode.ASYNC_EVENT_REQUEST), 0, new byte[0]);
        fixture.settle();
        return id;
    }

    private void change(int nsid) {
        CoreFixture.controller(admin).namespaceChanged(nsid);
        fixture.settle();
    }

    private List<Integer> changedList(boolean retain) {
        TestQueue.Completion page =
                LogPageTest.read(
                        admin,
                        LogPage.CHANGED_NAMESPACES,
                        4096,
                        0,
                        sqe -> sqe.u8(LogPageCommand.LSP, retain ? 0x80 : 0));
        List<Integer> list = new ArrayList<>();
        for (int i = 0; i < 1024 && page.u32(i * 4) != 0; i++) {
            list.add(page.u32(i * 4));
        }
        return list;
    }

    @Test
    void reportsAChangeToAWaitingRequest() {
        enable(ALL);
        int event = await();
        assertThat(admin.completion(event)).isNull();

        fixture.namespace(2, "mem:4K");
        fixture.settle();

        assertThat(admin.ended(event).result()).isEqualTo(NAMESPACE_CHANGED);
        assertThat(changedList(false)).containsExactly(2);
    }

    @Test
    void keepsAnEventUntilARequestComes() {
        enable(ALL);
        change(7);

        assertThat(admin.ended(await()).result()).isEqualTo(NAMESPACE_CHANGED);
    }

    @Test
    void saysNothingThatWasNotAskedFor() {
        int event = await();
        change(7);
        enable(0x800);
        change(8);

        assertThat(admin.completion(event)).isNull();
        assertThat(changedList(false)).containsExactly(7, 8);
    }

    @Test
    void forgetsWhatIsSwitchedOffBeforeItWasReported() {
        enable(ALL);
        change(7);
        enable(0);
        enable(ALL);

        assertThat(admin.completion(await())).isNull();
    }

    @Test
    void reportsOnceUntilTheLogIsRead() {
        enable(ALL);
        await();
        change(7);
        int second = await();
        change(8);
        assertThat(admin.completion(second)).isNull();

        assertThat(changedList(true)).containsExactly(7, 8);
        change(9);
        assertThat(admin.completion(second)).isNull();
        assertThat(changedList(false)).containsExactly(7, 8, 9);
        change(10);

        assertThat(admin.ended(second).result()).isEqualTo(NAMESPACE_CHANGED);
        assertThat(changedList(false)).containsExactly(10);
        assertThat(changedList(false)).isEmpty();
    }

    @Test
    void holdsOneKindBackWithoutHoldingBackAnother() {
        enable(ALL);
        await();
        int second = await();
        change(7);
        fixture.port.anaState(1, AnaState.NON_OPTIMIZED);
        fixture.settle();
        assertThat(admin.ended(second).result()).isEqualTo(ANA_CHANGED);

        int third = await();
        LogPageTest.read(admin, LogPage.ANA, 64, 0);
        fixture.port.anaState(1, AnaState.OPTIMIZED);
        fixture.settle();

        assertThat(admin.ended(third).result()).isEqualTo(ANA_CHANGED);
    }

    @Test
    void takesFourRequestsAndRefusesTheFifth() {
        for (int i = 0; i < 4; i++) {
            assertThat(admin.completion(await())).isNull();
        }

        assertThat(admin.ended(await()).is(Status.ASYNC_EVENT_LIMIT_EXCEEDED)).isTrue();
        assertThat(admin.queue.outstanding()).isEqualTo(4);
    }

    @Test
    void saysAllWhenTooManyNamespacesChanged() {
        enable(ALL);
        for (int nsid = 1; nsid <= 1024; nsid++) {
            change(nsid);
        }
        assertThat(changedList(true)).hasSize(1024);
        change(5);
        assertThat(changedList(true)).hasSize(1024);

        change(2000);

        assertThat(changedList(false)).containsExactly(0xffff_ffff);
        assertThat(changedList(false)).isEmpty();
    }

    @Test
    void endsWaitingRequestsWithTheQueue() {
        int event = await();

        admin.close("lost");

        assertThat(admin.ended(event).is(Status.ABORTED_SQ_DELETION)).isTrue();
        assertThat(admin.queue.outstanding()).isZero();
    }

    @Test
    void abortsAWaitingRequest() {
        int first = await();
        int second = await();

        TestQueue.Completion abort =
                admin.run(
                        TestQueue.admin(AdminOpcode.ABORT)
                                .andThen(sqe -> sqe.u32(Sqe.CDW10, second << 16)));

        assertThat(abort.result()).isZero();
        assertThat(admin.ended(second).is(Status.ABORT_REQUESTED)).isTrue();
        assertThat(admin.completion(first)).isNull();
    }
}
