package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.jnvmet.host.ScriptedSubsystem.Outcome;
import org.junit.jupiter.api.Test;

/** A connection that fails when the association stands, but the controller is not live yet. */
class EarlyErrorTest {
    private final ScriptedSubsystem subsystem = new ScriptedSubsystem();
    private final ScriptedController a = subsystem.controller("a");
    private final ManualTimer time = subsystem.timer;
    private Runnable onCancel = () -> {};

    /** The host cancels its fail-fast timer between the one and the other. */
    private final class Timer implements HostTimer {
        @Override
        public long nowMs() {
            return time.nowMs();
        }

        @Override
        public Task after(long delayMs, Runnable action) {
            Task task = time.after(delayMs, action);
            return () -> {
                task.cancel();
                onCancel.run();
            };
        }

        @Override
        public Task every(long periodMs, Runnable action) {
            return time.every(periodMs, action);
        }

        @Override
        public void close() {
            time.close();
        }
    }

    @Test
    void isNotLost() {
        try (Host host = new Host(List.of(subsystem), 2, new Timer())) {
            HostController controller =
                    host.connect(ScriptedSubsystem.options("a").fastIoFailMs(60_000));
            HostNamespace disk = controller.namespace(1);
            a.cut();
            time.run();
            int[] strikes = {1};
            onCancel =
                    () -> {
                        if (strikes[0]-- > 0) {
                            a.cut();
                        }
                    };
            time.advance(ScriptedSubsystem.RECONNECT_MS);
            assertThat(strikes[0]).isNotPositive();
            assertThat(controller.state()).isEqualTo(HostController.State.CONNECTING);
            Outcome outcome = ScriptedSubsystem.submit(disk);
            assertThat(outcome.pending()).isTrue();

            time.advance(ScriptedSubsystem.RECONNECT_MS);
            assertThat(controller.state()).isEqualTo(HostController.State.LIVE);
            assertThat(outcome.succeeded()).isTrue();
        }
    }
}
