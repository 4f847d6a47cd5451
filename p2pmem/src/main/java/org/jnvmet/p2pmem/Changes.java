package org.jnvmet.p2pmem;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jnvmet.p2pmem.PortState.Way;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decisions that are made but not in force yet: all of them will be, or none. */
final class Changes {
    private static final Logger LOG = LoggerFactory.getLogger(Changes.class);

    private final Map<Way, @Nullable Decision> made = new LinkedHashMap<>();

    void add(Way way, @Nullable Decision decision) {
        made.put(way, decision);
    }

    void commit() {
        made.forEach((way, next) -> {
            if (next != null && !next.is(way.decision)) {
                LOG.info("{}: {}", way.side, next.sentence());
            }
            way.replace(next);
        });
    }

    void abandon() {
        made.forEach((way, next) -> {
            if (next != null && !next.is(way.decision)) {
                next.drop();
            }
        });
    }
}
