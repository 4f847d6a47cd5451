package org.jnvmet.transport.rdma;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class WorkRequestIdTest {
    @Test
    void keepsItsPartsApart() {
        long queue = WorkRequestId.queue(0xfffe, 0x1ff_fffd); // the generation has 24 bits
        long id = WorkRequestId.of(WorkRequestId.RESPONSE, 0xfffc, queue);

        assertThat(id).isEqualTo(0x05_fffc_fffffd_fffeL);
        assertThat(WorkRequestId.kind(id)).isEqualTo(WorkRequestId.RESPONSE);
        assertThat(WorkRequestId.slot(id)).isEqualTo(0xfffc);
        assertThat(WorkRequestId.queue(id)).isEqualTo(queue);
        assertThat(WorkRequestId.index(id)).isEqualTo(0xfffe);
    }

    @Test
    void tellsTheQueuesOfAnIndexApart() {
        assertThat(WorkRequestId.queue(3, 1)).isNotEqualTo(WorkRequestId.queue(3, 2));
        assertThat(WorkRequestId.index(WorkRequestId.queue(3, 2))).isEqualTo(3);
    }
}
