package org.jnvmet.interop;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** {@code ./jnvmet} as a host of the Linux kernel's target, beside nvme-cli in the target's own machine. */
@Tag("vm")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class NvmeCommandsIT {
    private static final String NQN = "nqn.2026-01.org.jnvmet:nvme-commands";
    private static final Duration LIMIT = Duration.ofSeconds(60);
    private static final int BLOCK = 512;

    private @Nullable KernelTarget kernel;

    @BeforeAll
    void boot() {
        kernel = new KernelTarget(getClass().getSimpleName());
        guest(
                """
                busybox ip link set lo up
                mkdir -p subsystems/$NQN-closed
                serve "$(memory_disk)"
                mkdir ports/1/referrals/elsewhere
                cd ports/1/referrals/elsewhere
                echo tcp >addr_trtype
                echo ipv4 >addr_adrfam
                echo 192.0.2.77 >addr_traddr
                echo 8009 >addr_trsvcid
                echo 42 >addr_portid
                echo required >addr_treq
                echo 1 >enable
                cd ../../../..
                ln -s "$PWD/subsystems/$NQN-closed" ports/1/subsystems/
                nvme connect -t tcp -a 127.0.0.1 -s $PORT -n $NQN
                wait_until 10 disk
                """);
    }

    @AfterAll
    void shutDown() {
        KernelTarget machine = kernel;
        if (machine != null) {
            try (machine) {
                assertThat(machine.complaints()).isEmpty();
            }
        }
    }

    private KernelTarget kernel() {
        return Objects.requireNonNull(kernel);
    }

    /** Runs a script in the guest, in the target's tree and with the host's functions. */
    private String guest(String script) {
        String variables = "NQN=%s\nPORT=%d\n".formatted(NQN, kernel().service(0));
        return kernel().attempt(variables, script).expectSuccess(script);
    }

    private Result attempt(String command, String... options) {
        List<String> words =
                new ArrayList<>(
                        List.of(
                                Checkout.root().resolve("jnvmet").toString(),
                                command,
                                "-a",
                                "127.0.0.1",
                                "-s",
                                String.valueOf(kernel().service(0))));
        words.addAll(List.of(options));
        return LocalShell.exec(LIMIT, Path.of(""), words);
    }

    private String jnvmet(String command, String... options) {
        return attempt(command, options).expectSuccess(command);
    }

    /** Lines that both must have, without those that differ for a reason. */
    private static List<String> comparable(String text, String... without) {
        return text.strip()
                .lines()
                .filter(line -> Arrays.stream(without).noneMatch(line::startsWith))
                .map(line -> line.replace("nsattr\t:", "nsattr  :"))
                .map(String::stripTrailing)
                .toList();
    }

    @Test
    void showsTheDiscoveryLogAsNvmeCliDoes() {
        String expected = guest("nvme discover -t tcp -a 127.0.0.1 -s $PORT");
        assertThat(comparable(jnvmet("discover"), "traddr:"))
                .as("but for the address, which the target takes from the connection")
                .isEqualTo(comparable(expected, "traddr:"))
                .contains("subtype: discovery subsystem referral");
    }

    @Test
    void showsTheControllerAsNvmeCliDoes() {
        assertThat(comparable(jnvmet("identify-ctrl", "-n", NQN), "cntlid"))
                .isEqualTo(comparable(guest("nvme id-ctrl $(controller)"), "cntlid"));
    }

    @Test
    void showsTheNamespaceAsNvmeCliDoes() {
        assertThat(comparable(jnvmet("identify-ns", "-n", NQN, "-N", "1")))
                .isEqualTo(comparable(guest("nvme id-ns $(controller) -n 1")));
    }

    @Test
    void showsHealthAsNvmeCliDoes() {
        UnaryOperator<String> labels =
                line -> line.startsWith("Smart Log") ? "" : line.replaceFirst(":.*", "");
        assertThat(comparable(jnvmet("smart-log", "-n", NQN)).stream().map(labels))
                .as("the same lines; the counters go on")
                .isEqualTo(
                        comparable(guest("nvme smart-log $(controller)")).stream()
                                .map(labels)
                                .toList());
    }

    @Test
    void movesData(@TempDir Path folder) throws IOException, NoSuchAlgorithmException {
        byte[] data = new byte[(3 << 20) + BLOCK];
        new Random(42).nextBytes(data);
        Path file = Files.write(folder.resolve("data"), data);
        Path back = folder.resolve("back");
        for (String transport : List.of("tcp", "tcp_offload")) {
            jnvmet(
                    "write",
                    "-t",
                    transport,
                    "-n",
                    NQN,
                    "--start-block",
                    "7",
                    "-d",
                    file.toString());
            String sum =
                    guest(
                            "dd if=$(disk) bs=%d skip=7 count=%d iflag=direct status=none | sha256sum"
                                    .formatted(BLOCK, data.length / BLOCK));
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            assertThat(sum).startsWith(HexFormat.of().formatHex(digest.digest(data)));
            jnvmet(
                    "read",
                    "-t",
                    transport,
                    "-n",
                    NQN,
                    "--start-block",
                    "7",
                    "-d",
                    back.toString(),
                    "--bytes",
                    String.valueOf(data.length));
            assertThat(back).hasSameBinaryContentAs(file);
            guest("dd if=/dev/zero of=$(disk) bs=1M count=4 oflag=direct status=none");
        }
    }

    @Test
    void saysWhyTheTargetRefuses() {
        String at = "tcp 127.0.0.1:" + kernel().service(0);
        assertThat(attempt("identify-ctrl", "-n", NQN + "-none"))
                .isEqualTo(
                        new Result(
                                1,
                                "jnvmet identify-ctrl: there is no subsystem %s-none at %s"
                                        .formatted(NQN, at)));
        assertThat(attempt("identify-ctrl", "-n", NQN + "-closed", "-q", "nqn.me"))
                .isEqualTo(
                        new Result(
                                1,
                                "jnvmet identify-ctrl: %s-closed at %s does not allow this host, nqn.me"
                                        .formatted(NQN, at)));
        assertThat(attempt("identify-ns", "-n", NQN, "-N", "3"))
                .isEqualTo(
                        new Result(
                                1,
                                "jnvmet identify-ns: %s at %s has no namespace 3; it has 1"
                                        .formatted(NQN, at)));
    }
}
