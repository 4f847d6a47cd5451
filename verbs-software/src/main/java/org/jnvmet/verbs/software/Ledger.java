package org.jnvmet.verbs.software;

import java.util.Collections;
import java.util.EnumMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Set;

/** What was made and is not yet destroyed. Under the lock of the network. */
final class Ledger {
    /** Kinds of objects. */
    enum Kind {
        ID,
        QUEUE_PAIR,
        COMPLETION_QUEUE,
        DOMAIN,
        REGION,
        SHARED_RECEIVE_QUEUE,
        CHANNEL
    }

    private final Map<Kind, Set<Object>> there = new EnumMap<>(Kind.class);

    Ledger() {
        for (Kind kind : Kind.values()) {
            there.put(kind, Collections.newSetFromMap(new IdentityHashMap<>()));
        }
    }

    void made(Kind kind, Object object) {
        of(kind).add(object);
    }

    /** Fails for what is destroyed already: with a real device that is memory of somebody else by now. */
    void present(Kind kind, Object object) {
        if (!of(kind).contains(object)) {
            throw new IllegalStateException(
                    "%s is destroyed already, or not of this fabric: %s".formatted(kind, object));
        }
    }

    void gone(Kind kind, Object object) {
        present(kind, object);
        of(kind).remove(object);
    }

    Resources counts() {
        return new Resources(
                of(Kind.ID).size(),
                of(Kind.QUEUE_PAIR).size(),
                of(Kind.COMPLETION_QUEUE).size(),
                of(Kind.DOMAIN).size(),
                of(Kind.REGION).size(),
                of(Kind.SHARED_RECEIVE_QUEUE).size(),
                of(Kind.CHANNEL).size());
    }

    Set<Object> of(Kind kind) {
        return there.getOrDefault(kind, Set.of());
    }
}
