package org.jnvmet.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.jnvmet.wire.Le;
import org.jnvmet.wire.admin.AnaGroup;
import org.jnvmet.wire.admin.AnaLog;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is read from an ANA log, and that no log leads us beyond its end. */
class AnaGroupsTest {
    private static final int MAX_GROUP = 8;

    private final MemorySegment page = MemorySegment.ofArray(new byte[128]);
    private final AnaLog header = new AnaLog().wrap(page, 0);
    private final AnaGroup first = new AnaGroup().wrap(page, AnaLog.BYTES);

    private AnaGroups parse() {
        return AnaGroups.parse(page, MAX_GROUP);
    }

    @Test
    void findsNamespacesByTheListsAndElseByTheirGroup() {
        header.set(AnaLog.GROUPS, 2);
        first.set(AnaGroup.GROUP_ID, 3)
                .set(AnaGroup.NAMESPACES, 2)
                .set(AnaGroup.STATE, AnaGroup.NON_OPTIMIZED);
        page.set(Le.U32, 48, 11);
        page.set(Le.U32, 52, 12);
        new AnaGroup()
                .wrap(page, 56)
                .set(AnaGroup.GROUP_ID, 8)
                .set(AnaGroup.STATE, AnaGroup.INACCESSIBLE | 0x30);

        AnaGroups groups = parse();

        assertThat(groups.stateOf(11, 8)).isEqualTo(AnaState.NON_OPTIMIZED);
        assertThat(groups.stateOf(12, 0)).isEqualTo(AnaState.NON_OPTIMIZED);
        assertThat(groups.stateOf(13, 8)).isEqualTo(AnaState.INACCESSIBLE);
        assertThat(groups.stateOf(13, 4)).isNull();
        assertThat(groups.changing()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "1,OPTIMIZED",
        "2,NON_OPTIMIZED",
        "3,INACCESSIBLE",
        "4,PERSISTENT_LOSS",
        "15,CHANGE"
    })
    void knowsTheStatesOfTheStandard(int state, AnaState expected) {
        header.set(AnaLog.GROUPS, 1);
        first.set(AnaGroup.GROUP_ID, 1).set(AnaGroup.STATE, state);

        assertThat(parse().stateOf(1, 1)).isEqualTo(expected);
        assertThat(parse().changing()).isEqualTo(expected == AnaState.CHANGE);
    }

    @ParameterizedTest
    @CsvSource({
        "1, 0, 1, 0, group 0; ANAGRPMAX is 8",
        "1, 9, 1, 0, group 9; ANAGRPMAX is 8",
        "1, 4294967295, 1, 0, group 4294967295",
        "1, 1, 0, 0, no ANA state 0",
        "1, 1, 5, 0, no ANA state 5",
        "1, 1, 14, 0, no ANA state 14",
        "1, 1, 1, 21, 21 namespaces of a group do not fit into its 128 bytes",
        "1, 1, 1, 4294967295, 4294967295 namespaces of a group do not fit",
        "2, 1, 1, 20, 2 groups do not fit into its 128 bytes",
        "65535, 1, 1, 0, ANA log: group 0"
    })
    void refusesLogsThatCannotBe(int groups, long id, int state, long namespaces, String message) {
        header.set(AnaLog.GROUPS, groups);
        first.set(AnaGroup.GROUP_ID, id)
                .set(AnaGroup.STATE, state)
                .set(AnaGroup.NAMESPACES, namespaces);

        assertThatThrownBy(this::parse)
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining(message);
    }

    @Test
    void survivesWhateverAControllerSends() {
        Random random = new Random(20);
        int accepted = 0;
        for (int i = 0; i < 20_000; i++) {
            byte[] bytes = new byte[AnaLog.BYTES + random.nextInt(200)];
            random.nextBytes(bytes);
            bytes[8] = (byte) random.nextInt(4);
            bytes[9] = 0;
            try {
                AnaGroups _ = AnaGroups.parse(MemorySegment.ofArray(bytes), -1);
                accepted++;
            } catch (ProtocolViolation e) {
                assertThat(e).hasMessageStartingWith("ANA log: ");
            }
        }
        assertThat(accepted).isBetween(4_000, 16_000);
    }
}
