package org.jnvmet.conf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jnvmet.configfs.tree.Change;
import org.jnvmet.target.Namespace;
import org.jnvmet.target.Port;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tree, its state file, and what comes back after a restart. */
final class StateReplayTest {
    private static final String MEMORY = "0000:03:00.0";

    @TempDir private Path folder;

    /** A server's life: brings the state back, does something, and ends without closing anything in order. */
    private interface Life {
        void live(NvmetFixture target, StateJournal journal) throws IOException;
    }

    private int start(Life life, String... memories) throws IOException {
        try (NvmetFixture fixture = new NvmetFixture(memories);
                StateJournal journal = StateJournal.open(folder.resolve("state"))) {
            int refusals = journal.replay(fixture.tree());
            journal.follow(fixture.tree());
            life.live(fixture, journal);
            return refusals;
        }
    }

    private static void configure(NvmetFixture fixture, String path) {
        fixture.mkdir("hosts/h");
        fixture.mkdir("subsystems/s");
        fixture.mkdir("subsystems/s/namespaces/1");
        fixture.write("subsystems/s/namespaces/1/device_path", path + "\n");
        fixture.write("subsystems/s/namespaces/1/enable", "on\n");
        fixture.link("subsystems/s/allowed_hosts/other-name", "hosts/h");
        fixture.mkdir("ports/1");
        fixture.write("ports/1/addr_trtype", "tcp");
        fixture.write("ports/1/addr_traddr", "127.0.0.1");
        fixture.write("ports/1/addr_trsvcid", "4420");
        fixture.write("ports/1/addr_adrfam", "ipv4");
        fixture.link("ports/1/subsystems/s", "subsystems/s");
        fixture.mkdir("ports/1/ana_groups/2");
        fixture.write("ports/1/ana_groups/2/ana_state", "change");
    }

    @Test
    void bringsBackExactlyWhatWasThereWithWhatTheTreeInvented() throws IOException {
        TreeImage[] before = {new TreeImage()};
        start((target, _) -> {
            configure(target, "mem:1m");
            before[0] = target.image();
        });
        int refusals =
                start((target, _) -> {
                    assertThat(target.image()).isEqualTo(before[0]);
                    assertThat(target.listens).containsOnlyKeys("127.0.0.1:4420");
                });
        assertThat(refusals).isZero();
    }

    @Test
    void bringsBackWhatFollowedFromAChange() throws IOException {
        start((target, _) -> {
            configure(target, "mem:1m");
            assertThat(target.read("ports/1/param_inline_data_size")).isEqualTo("16384");
            target.tree().unlink("ports/1/subsystems/s");
        });
        start((target, _) ->
                assertThat(target.read("ports/1/param_inline_data_size")).isEqualTo("16384"));
    }

    @Test
    void forgetsWhatWasRemoved() throws IOException {
        start((target, _) -> configure(target, "mem:1m"));
        start((target, _) -> {
            target.tree().unlink("ports/1/subsystems/s");
            target.tree().rmdir("ports/1/ana_groups/2");
            target.tree().rmdir("ports/1");
            target.tree().rmdir("subsystems/s/namespaces/1");
        });
        start((target, _) -> {
            assertThat(target.target().ports()).isEmpty();
            assertThat(target.target().subsystems())
                    .singleElement()
                    .matches(s -> s.namespaces().isEmpty());
        });
    }

    @Test
    void goesOnPastWhatCannotComeBackAndTriesItAgainTheNextTime() throws IOException {
        Path disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
        start((target, _) -> {
            configure(target, disk.toString());
            target.mkdir("subsystems/s/namespaces/2");
            target.write("subsystems/s/namespaces/2/device_path", "mem:1m");
            target.write("subsystems/s/namespaces/2/enable", "1");
        });
        Path away = Files.move(disk, folder.resolve("away"));
        int refusals =
                start((target, _) -> {
                    assertThat(target.read("subsystems/s/namespaces/1/enable")).isEqualTo("0");
                    assertThat(target.read("subsystems/s/namespaces/2/enable")).isEqualTo("1");
                    assertThat(target.target().ports())
                            .singleElement()
                            .matches(port -> port.enabled());
                    target.write("subsystems/s/namespaces/1/ana_grpid", "2");
                });
        assertThat(refusals).isEqualTo(1);
        Files.move(away, disk);
        refusals =
                start((target, _) -> {
                    assertThat(target.read("subsystems/s/namespaces/1/enable")).isEqualTo("1");
                    assertThat(target.read("subsystems/s/namespaces/1/ana_grpid")).isEqualTo("2");
                });
        assertThat(refusals).isZero();
    }

    private static void stageInPeerMemory(NvmetFixture target, String strict) {
        configure(target, "mem:1m");
        target.tree().unlink("ports/1/subsystems/s");
        target.write("subsystems/s/namespaces/1/enable", "0");
        target.write("subsystems/s/namespaces/1/p2pmem", MEMORY + "\n");
        target.write("subsystems/s/namespaces/1/enable", "1");
        target.write("ports/1/allow_p2pmem", MEMORY + "\n");
        target.write("ports/1/p2pmem_strict", strict);
        target.link("ports/1/subsystems/s", "subsystems/s");
    }

    @Test
    void servesFromSystemMemoryWhilePeerMemoryIsAwayAndTriesItAgainTheNextTime()
            throws IOException {
        start((target, _) -> stageInPeerMemory(target, "0"), MEMORY);
        int refusals =
                start((target, _) -> {
                    assertThat(target.read("subsystems/s/namespaces/1/p2pmem")).isEqualTo("0");
                    assertThat(target.read("subsystems/s/namespaces/1/enable")).isEqualTo("1");
                    assertThat(target.read("ports/1/allow_p2pmem")).isEqualTo("0");
                    assertThat(target.listens).containsOnlyKeys("127.0.0.1:4420");
                    target.write("subsystems/s/namespaces/1/ana_grpid", "2");
                    target.write("ports/1/p2pmem_strict", "0");
                });
        assertThat(refusals).isEqualTo(2);
        refusals =
                start(
                        (target, _) -> {
                            assertThat(target.read("subsystems/s/namespaces/1/p2pmem"))
                                    .isEqualTo(MEMORY);
                            assertThat(target.read("subsystems/s/namespaces/1/ana_grpid"))
                                    .isEqualTo("2");
                            assertThat(target.read("ports/1/allow_p2pmem")).isEqualTo(MEMORY);
                        },
                        MEMORY);
        assertThat(refusals).isZero();
    }

    @Test
    void exportsNothingOnAPortThatInsistsOnPeerMemoryWhichIsAway() throws IOException {
        start((target, _) -> stageInPeerMemory(target, "1"), MEMORY);
        int refusals =
                start((target, _) -> {
                    assertThat(target.read("ports/1/p2pmem_strict")).isEqualTo("1");
                    assertThat(target.read("subsystems/s/namespaces/1/enable")).isEqualTo("1");
                    assertThat(target.listens).isEmpty();
                });
        assertThat(refusals).as("p2pmem, allow_p2pmem and the link").isEqualTo(3);
        start(
                (target, _) -> {
                    assertThat(target.read("ports/1/allow_p2pmem")).isEqualTo(MEMORY);
                    assertThat(target.listens).containsOnlyKeys("127.0.0.1:4420");
                },
                MEMORY);
    }

    @Test
    void enablesNothingThatIsNotAsItWas() throws IOException {
        start((target, _) -> configure(target, "mem:1m"));
        try (StateFile file = StateFile.open(folder.resolve("state"))) {
            assertThat(file.read().problems()).isEmpty();
            file.append(
                    List.of(
                            new Change.Write(
                                    "subsystems/s/namespaces/1/device_uuid", "later version")));
        }
        int refusals =
                start((target, _) -> {
                    assertThat(target.read("subsystems/s/namespaces/1/enable")).isEqualTo("0");
                    assertThat(target.read("subsystems/s/namespaces/1/device_path"))
                            .isEqualTo("mem:1m");
                });
        assertThat(refusals).as("the value and what waits for it").isEqualTo(2);
    }

    @Test
    void keepsWhatCannotComeBackThroughARewriteOfTheFile() throws IOException {
        Path disk = Files.write(folder.resolve("disk"), new byte[1 << 20]);
        start((target, _) -> configure(target, disk.toString()));
        Path away = Files.move(disk, folder.resolve("away"));
        start((target, _) -> {
            for (int i = 0; i < 25_000 && Files.size(folder.resolve("state")) < 1_000_000; i++) {
                target.write(
                        "discovery_nqn", "nqn.2026-01.org.example:" + "x".repeat(200) + i % 10);
            }
            for (int i = 0; i < 600; i++) {
                target.write(
                        "discovery_nqn", "nqn.2026-01.org.example:" + "x".repeat(200) + i % 10);
            }
            assertThat(Files.size(folder.resolve("state"))).isLessThan(1_000_000);
        });
        Files.move(away, disk);
        start((target, _) ->
                assertThat(target.target().subsystems())
                        .singleElement()
                        .matches(s -> s.namespaces().stream().allMatch(Namespace::enabled)));
    }

    @Test
    void keepsATransactionAsAWhole() throws IOException {
        Transaction transaction = new Transaction(NvmetFixture::new);
        TreeImage[] before = {new TreeImage()};
        start((target, journal) -> {
            configure(target, "mem:1m");
            byte[] file = Files.readAllBytes(folder.resolve("state"));
            journal.together(() -> {
                var absent = transaction.restore(DefaultConfig.json(), target.tree());
                assertThat(folder.resolve("state")).hasBinaryContent(file);
                return absent;
            });
            before[0] = target.image();
        });
        start((target, _) -> assertThat(target.image()).isEqualTo(before[0]));
    }

    /** As after a restart before the RDMA device is up: it serves what it can, and forgets nothing. */
    @Test
    void keepsAPortWithoutItsDevice() throws IOException {
        String link = "ports/2/subsystems/s";
        Transaction transaction = new Transaction(NvmetFixture::new);
        start((target, journal) -> {
            List<AbsentDevice> absent =
                    journal.together(() -> transaction.restore(RDMA, target.tree()));
            assertThat(absent).extracting(AbsentDevice::link).containsExactly(link);
            assertThat(target.target().ports())
                    .extracting(Port::enabled)
                    .containsExactly(true, false);
            target.mkdir("hosts/later");
        });
        int[] refusals = {0};
        try (NvmetFixture target = new NvmetFixture();
                StateJournal journal = StateJournal.open(folder.resolve("state"))) {
            refusals[0] = journal.replay(target.tree());
            journal.follow(target.tree());
            assertThat(target.target().ports())
                    .extracting(Port::enabled)
                    .containsExactly(true, false);
            assertThat(target.read("ports/2/subsystems/last_error"))
                    .contains("librdmacm is not installed");
            target.mkdir("hosts/more");
        }
        assertThat(refusals[0]).isOne();
        try (NvmetFixture target = new NvmetFixture();
                StateJournal journal = StateJournal.open(folder.resolve("state"))) {
            target.noRdma = null;
            assertThat(journal.replay(target.tree())).isZero();
            assertThat(target.target().ports())
                    .extracting(Port::enabled)
                    .containsExactly(true, true);
            assertThat(target.target().hosts()).hasSize(2);
        }
    }

    private static final String RDMA =
            """
            {"ports": [
              {"portid": 1, "addr": {"trtype": "tcp", "adrfam": "ipv4", "traddr": "127.0.0.1", "trsvcid": "4420"},
               "subsystems": ["s"]},
              {"portid": 2, "addr": {"trtype": "rdma", "adrfam": "ipv4", "traddr": "10.0.0.1", "trsvcid": "4420"},
               "subsystems": ["s"]}], "subsystems": [{"nqn": "s"}]}
            """;

    @Test
    void keepsTheFormerStateWhenATransactionFails() throws IOException {
        Transaction transaction = new Transaction(NvmetFixture::new);
        TreeImage[] before = {new TreeImage()};
        start((target, journal) -> {
            configure(target, "mem:1m");
            before[0] = target.image();
            target.taken.add("127.0.0.1:9");
            String json = DefaultConfig.json().replace("4420", "9");
            assertThatThrownBy(
                            () -> journal.together(() -> transaction.restore(json, target.tree())))
                    .isInstanceOf(ConfigFileException.class);
            target.mkdir("hosts/later");
        });
        start((target, _) -> {
            target.tree().rmdir("hosts/later");
            assertThat(target.image()).isEqualTo(before[0]);
        });
    }
}
