package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jnvmet.target.spi.Transport;
import org.junit.jupiter.api.Test;

class RdmaSettingsTest {
    /** Operators rely on these. */
    @Test
    void hasItsDefaults() {
        RdmaSettings settings = RdmaSettings.DEFAULTS;
        assertThat(settings.memory()).isEqualTo(new RdmaSettings.Memory(64L << 20, 4L << 20));
        assertThat(settings.protocol()).isEqualTo(new RdmaSettings.Protocol(1 << 20, 4096));
        assertThat(settings.queues()).isEqualTo(new RdmaSettings.Queues(4096, 0, 16_384, 128));
        assertThat(settings.limits())
                .isEqualTo(new RdmaSettings.TimeLimits(1_000, 60_000, 1_000, 8_000));
        assertThat(settings.busyPollMicros()).isEqualTo(50);
    }

    @Test
    void tellsTheCoreWhatTheTransportCan() {
        assertThat(RdmaTransport.limits(RdmaSettings.DEFAULTS))
                .isEqualTo(new Transport.Limits(1, 1 << 20, 4096, 16_384, 128, 256, 0x100005, 16));
    }

    @Test
    void refusesWhatMakesNoSense() {
        assertThatThrownBy(() -> RdmaSettings.DEFAULTS.withLoops(0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("loops");
        assertThatThrownBy(() -> new RdmaSettings.Protocol(3 << 20, 4096))
                .hasMessageContaining("maxTransferBytes");
        assertThatThrownBy(() -> new RdmaSettings.Protocol(1 << 20, 16_385))
                .hasMessageContaining("inlineBytes");
        assertThatThrownBy(() -> new RdmaSettings.Queues(1, 40_000, 4096, 1))
                .hasMessageContaining("sharedReceives");
    }
}
