package org.jnvmet.transport.rdma;

import java.util.Arrays;
import org.jnvmet.transport.Poller;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks after the poll groups of one loop. Owned by it. */
final class GroupPoller implements Poller {
    private static final Logger LOG = LoggerFactory.getLogger(GroupPoller.class);

    private PollGroup[] groups = {};

    void add(PollGroup group) {
        groups = Arrays.copyOf(groups, groups.length + 1);
        groups[groups.length - 1] = group;
    }

    @SuppressWarnings("ReferenceEquality") // the very group
    void remove(PollGroup group) {
        groups = Arrays.stream(groups).filter(each -> each != group).toArray(PollGroup[]::new);
    }

    @Override
    public boolean poll() {
        boolean some = false;
        for (PollGroup group : groups) {
            try {
                some |= group.poll();
            } catch (RuntimeException | Error e) {
                onBug(group, e);
            }
        }
        return some;
    }

    @Override
    public boolean mayRest() {
        boolean may = true;
        for (PollGroup group : groups) {
            try {
                may &= group.mayRest();
            } catch (RuntimeException | Error e) {
                onBug(group, e);
            }
        }
        return may;
    }

    private static void onBug(PollGroup group, Throwable bug) {
        LOG.error("internal error while polling {}, closing its queues", group.device(), bug);
        group.end("internal error");
    }
}
