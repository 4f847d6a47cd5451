package org.jnvmet.verbs.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a machine without RDMA is told: one sentence each, with what to do. */
class LinuxVerbsTest {
    private static final String C_LIBRARY = "libc.so.6";
    private static final String NOWHERE = "libnowhere-to-be-found.so.1";

    @TempDir private Path root;

    private Machine machine(String librdmacm, String libibverbs) {
        return new Machine(root, librdmacm, libibverbs);
    }

    private Machine machine() {
        return machine(Librdmacm.FILE, Libibverbs.FILE);
    }

    @Test
    void namesThePackagesOfAMissingLibrary() {
        assertThatThrownBy(() -> LinuxVerbs.open(machine(C_LIBRARY, NOWHERE)))
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage(
                        "libnowhere-to-be-found.so.1 cannot be loaded: install libibverbs1 and ibverbs-providers on Debian, libibverbs on Fedora");
        assertThatThrownBy(() -> LinuxVerbs.open(machine(NOWHERE, C_LIBRARY)))
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage(
                        "libnowhere-to-be-found.so.1 cannot be loaded: install librdmacm1 on Debian, librdmacm on Fedora");
    }

    @Test
    void namesWhatAnOldLibraryLacks() {
        assertThatThrownBy(() -> LinuxVerbs.open(machine(C_LIBRARY, C_LIBRARY)))
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage("libc.so.6 has no ibv_query_device: it is older than rdma-core 34");
    }

    @Test
    void namesTheKernelsModules() {
        assertThatThrownBy(machine()::expectKernel)
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage(
                        "there is no %s: load the kernel's modules (modprobe rdma_ucm ib_uverbs); a container needs /dev/infiniband",
                        root.resolve("dev/infiniband/rdma_cm"));
    }

    @Test
    void saysHowToGetADevice() throws IOException {
        loadModules();
        assertThatThrownBy(machine()::expectKernel)
                .isInstanceOf(VerbsUnavailableException.class)
                .hasMessage(
                        "there is no RDMA device; one over an Ethernet port is made by: rdma link add rxe0 type rxe netdev eth0");
        Files.createDirectories(root.resolve("sys/class/infiniband"));
        assertThatThrownBy(machine()::expectKernel).hasMessageContaining("no RDMA device");
    }

    @Test
    void saysWhenDriversOfProgramsAreMissing() throws IOException {
        loadModules();
        Files.createDirectories(root.resolve("sys/class/infiniband/mlx5_1"));
        Files.createDirectories(root.resolve("sys/class/infiniband/mlx5_0"));
        assertThatCode(machine()::expectKernel).doesNotThrowAnyException();
        assertThat(machine().unusable(Errno.ENODEV.number()))
                .hasMessage(
                        "there is no driver for the RDMA devices [mlx5_0, mlx5_1]: install ibverbs-providers on Debian, libibverbs on Fedora");
        assertThat(machine().unusable(Errno.EACCES.number()))
                .hasMessage(
                        "RDMA devices [mlx5_0, mlx5_1] cannot be used: rdma_create_event_channel: Permission denied (EACCES)");
    }

    @Test
    void saysHowMuchMemoryMayBeLocked() throws IOException {
        assertThat(machine().lockedMemoryHint()).isEmpty();
        Path limits = root.resolve("proc/self/limits");
        Files.createDirectories(root.resolve("proc/self"));
        Files.writeString(
                limits,
                """
                Limit                     Soft Limit           Hard Limit           Units
                Max processes             7777                 7777                 processes
                Max locked memory         8388608              unlimited            bytes
                """);
        assertThat(machine().lockedMemoryHint())
                .isEqualTo(
                        "; this process may lock 8388608 bytes of memory (RLIMIT_MEMLOCK: LimitMEMLOCK=infinity of systemd, ulimit -l)");
        Files.writeString(limits, "Max locked memory         unlimited   unlimited   bytes\n");
        assertThat(machine().lockedMemoryHint()).isEmpty();
    }

    @Test
    void describesErrorsInWordsAndByName() {
        assertThat(Errno.failure("ibv_reg_mr of 4096 bytes", 12))
                .hasMessage("ibv_reg_mr of 4096 bytes: Cannot allocate memory (ENOMEM)");
        assertThat(Errno.failure("rdma_listen", 4711)).hasMessage("rdma_listen: errno 4711");
        assertThat(Errno.failure("rdma_listen", 98).errno()).isEqualTo(98);
    }

    private void loadModules() throws IOException {
        Files.createDirectories(root.resolve("dev/infiniband"));
        Files.createFile(root.resolve("dev/infiniband/rdma_cm"));
    }
}
