package org.jnvmet.host.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class PollSetTest {
    @Test
    void tellsWhichDescriptorIsReady() {
        List<EventFd> events = new ArrayList<>();
        try (PollSet set = new PollSet()) {
            for (int i = 0; i < 40; i++) {
                events.add(new EventFd());
                set.add(events.getLast().descriptor(), PollSet.IN);
            }
            assertThat(set.await(0)).isZero();
            events.get(3).signal();
            events.get(39).signal();
            assertThat(set.await(-1)).isEqualTo(2);
            for (int i = 0; i < 40; i++) {
                assertThat(set.ready(i)).as("descriptor %d", i).isEqualTo(i == 3 || i == 39);
            }
            set.clear();
            set.add(events.get(39).descriptor(), PollSet.IN);
            assertThat(set.await(-1)).isEqualTo(1);
            assertThat(events.get(39).take()).isEqualTo(1);
            assertThat(set.await(0)).isZero();
        } finally {
            events.forEach(EventFd::close);
        }
    }

    @Test
    void signalsAddUpUntilTheyAreTaken() {
        try (EventFd event = new EventFd()) {
            assertThat(event.take()).isZero();
            event.signal();
            event.signal();
            assertThat(event.take()).isEqualTo(2);
            assertThat(event.take()).isZero();
        }
    }

    @Test
    void aSignalWakesWhoWaits() throws InterruptedException {
        try (EventFd event = new EventFd();
                PollSet set = new PollSet()) {
            set.add(event.descriptor(), PollSet.IN);
            Thread other = Thread.ofPlatform().start(event::signal);
            assertThat(set.await(-1)).isEqualTo(1);
            other.join();
        }
    }
}
