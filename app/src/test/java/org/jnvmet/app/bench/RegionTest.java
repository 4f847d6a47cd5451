package org.jnvmet.app.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.jnvmet.app.console.CommandFailure;
import org.junit.jupiter.api.Test;

/** Where jobs work on a namespace of 1,000 blocks of 512 bytes. */
final class RegionTest {
    private static final long BLOCKS = 1000;

    private static Region region(JobOptionsBuilder options, int job) {
        return Region.of(options.build(), job, BLOCKS, 512);
    }

    private static void refuses(JobOptionsBuilder options, int job, String why) {
        assertThatThrownBy(() -> region(options, job))
                .isInstanceOf(CommandFailure.class)
                .hasMessage(why);
    }

    @Test
    void isAllThereIsButForAnIncompleteUnitAtTheEnd() {
        assertThat(region(new JobOptionsBuilder().blockBytes(4096), 0))
                .isEqualTo(new Region(0, 125, 8, 512));
        assertThat(region(new JobOptionsBuilder().blockBytes(8192), 0))
                .isEqualTo(new Region(0, 62, 16, 512));
    }

    @Test
    void isTheSameForJobsThatMayMeet() {
        JobOptionsBuilder options = new JobOptionsBuilder().jobs(2).size("40k");
        assertThat(region(options, 1)).isEqualTo(region(options, 0));
    }

    @Test
    void beginsAtTheOffsetOfTheJob() {
        JobOptionsBuilder options =
                new JobOptionsBuilder().jobs(3).size("40k").offset(1024, 51_200);
        assertThat(region(options, 0).firstLba()).isEqualTo(2);
        assertThat(region(options, 2)).isEqualTo(new Region(202, 10, 8, 512));
        assertThat(region(options, 2).lba(9)).isEqualTo(274);
    }

    @Test
    void partsANamespaceAmongJobsThatVerifyTheirWrites() {
        JobOptionsBuilder options =
                new JobOptionsBuilder()
                        .jobs(3)
                        .pattern(ReadWrite.RANDRW)
                        .verify(Verification.CRC32C);
        assertThat(region(options, 0)).isEqualTo(new Region(0, 41, 8, 512));
        assertThat(region(options, 2)).isEqualTo(new Region(656, 41, 8, 512));
        refuses(
                options.size("40k").offset(0, 4096),
                1,
                "--verify: jobs 4096 bytes apart would overwrite 36864 bytes of each other");
    }

    @Test
    void saysWhatDoesNotFit() {
        refuses(
                new JobOptionsBuilder().blockBytes(1000),
                0,
                "--bs=1000 is no multiple of the namespace's blocks of 512 bytes");
        refuses(
                new JobOptionsBuilder().offset(100, 0),
                0,
                "--offset and --offset_increment must be multiples of the namespace's blocks of 512 bytes");
        refuses(
                new JobOptionsBuilder().offset(512_000, 0),
                0,
                "--offset=512000 is behind the end of the namespace of 512000 bytes");
        refuses(
                new JobOptionsBuilder().size("1m"),
                0,
                "job 1 would need bytes 0 to 1048576, the namespace has 512000");
        refuses(new JobOptionsBuilder().size("3k"), 0, "--bs=4096 does not fit into 0 bytes");
        refuses(
                new JobOptionsBuilder()
                        .pattern(ReadWrite.RANDWRITE)
                        .verify(Verification.PATTERN)
                        .depth(126),
                0,
                "--verify: 126 I/Os at a time need as many blocks, and there are 125");
    }

    @Test
    void refusesToVerifyMoreThanMemoryCanHold() {
        JobOptions options =
                new JobOptionsBuilder()
                        .pattern(ReadWrite.RANDRW)
                        .verify(Verification.CRC32C)
                        .build();
        assertThatThrownBy(() -> Region.of(options, 0, 1L << 33, 512))
                .isInstanceOf(CommandFailure.class)
                .hasMessageContaining("use --size");
    }
}
