package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NamespaceTableTest {
    private final Subsystem subsystem = new TargetFixture().subsystem("nqn.a");

    @Test
    void ordersUnsignedIdsAndFindsEachOfThem() {
        for (int nsid : new int[] {0xfffffffe, 3, 0x80000000, 1, 0x7fffffff, 2, 100}) {
            subsystem.createNamespace(nsid);
        }
        assertThat(subsystem.namespaces().stream().map(Namespace::nsid))
                .containsExactly(1, 2, 3, 100, 0x7fffffff, 0x80000000, 0xfffffffe);
        for (Namespace namespace : subsystem.namespaces()) {
            assertThat(subsystem.namespace(namespace.nsid())).isSameAs(namespace);
        }
        assertThat(List.of(0, 4, 99, 101, 0x80000001, -1))
                .allSatisfy(nsid -> assertThat(subsystem.namespace(nsid)).isNull());
    }

    @Test
    void findsWhatIsLeftAfterRemoval() {
        Namespace first = subsystem.createNamespace(1);
        Namespace second = subsystem.createNamespace(2);
        subsystem.removeNamespace(first);
        assertThat(subsystem.namespace(1)).isNull();
        assertThat(subsystem.namespace(2)).isSameAs(second);
    }
}
