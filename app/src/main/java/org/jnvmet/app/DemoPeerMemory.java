package org.jnvmet.app;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.app.nvme.Connector;
import org.jnvmet.app.p2p.TopologyText;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.host.ConnectOptions;
import org.jnvmet.host.Host;
import org.jnvmet.host.HostController;
import org.jnvmet.host.HostNamespace;
import org.jnvmet.p2pmem.Explanation;
import org.jnvmet.target.Port;
import org.jnvmet.target.Subsystem;
import picocli.CommandLine;

/**
 * The part of the demonstration about peer memory: a port that allows it, a disk below the same switch, data written
 * and verified through the memory between them, and the counters that say so.
 */
final class DemoPeerMemory {
    private static final String NQN = "nqn.2026-01.org.jnvmet:demo-p2p";
    private static final String SUBSYSTEM = "subsystems/" + NQN;
    private static final String NAMESPACE = SUBSYSTEM + "/namespaces/1";
    private static final String PORT = "ports/2";
    private static final String ADDRESS = "127.0.0.1";
    private static final long SEED = 3L << 32;

    private final CommandLine console;
    private final DemoMachine machine;
    private final Assembly assembly;
    private final ConfigTree tree;

    DemoPeerMemory(CommandLine console, DemoMachine machine, Assembly assembly) {
        this.console = console;
        this.machine = machine;
        this.assembly = assembly;
        this.tree = assembly.tree();
    }

    /** Shows it; says why where this computer cannot. */
    void prove(Host host) {
        say(
                """

                Through PCI peer memory, on an emulated machine: its switch, network interface and disks are files, its
                peer memory is memory of this computer. This proves the way of the data, and says nothing of its speed.\
                """);
        TopologyText.of(assembly.staging().tree())
                .lines()
                .forEach(line -> say(line.isEmpty() ? "" : "    " + line));
        Path disk = machine.disk();
        if (disk == null) {
            say("  skipped   " + machine.whyNoDisk());
            return;
        }
        configure(disk);
        for (Explanation decision : assembly.staging().explain(port(), subsystem())) {
            say("  decision  " + decision.choice().verdict());
            say("            " + decision.outcome());
        }
        ConnectOptions options =
                ConnectOptions.to(NQN)
                        .transport("tcp")
                        .address(ADDRESS)
                        .service(String.valueOf(assembly.boundTcpPort(port())));
        long bytes = bytes(disk);
        try (HostController controller = Connector.connect(host, options)) {
            HostNamespace namespace = controller.namespace(1);
            new DemoTransfer(console).run(namespace, bytes, SEED);
        }
        account(2 * bytes);
    }

    /** What an operator would do with mkdir, echo and ln. */
    private void configure(Path disk) {
        tree.mkdir(SUBSYSTEM);
        tree.write(SUBSYSTEM + "/attr_allow_any_host", "1");
        tree.mkdir(NAMESPACE);
        tree.write(NAMESPACE + "/device_path", disk.toString());
        tree.write(NAMESPACE + "/enable", "1");
        tree.mkdir(PORT);
        tree.write(PORT + "/addr_trtype", "tcp");
        tree.write(PORT + "/addr_adrfam", "ipv4");
        tree.write(PORT + "/addr_traddr", ADDRESS);
        tree.write(PORT + "/addr_trsvcid", "0");
        tree.write(PORT + "/allow_p2pmem", "1");
        tree.symlink(PORT + "/subsystems/" + NQN, SUBSYSTEM);
    }

    private Port port() {
        return assembly.target().ports().stream()
                .filter(port -> port.id() == 2)
                .findFirst()
                .orElseThrow();
    }

    private Subsystem subsystem() {
        return Objects.requireNonNull(assembly.target().subsystem(NQN), NQN);
    }

    private static long bytes(Path disk) {
        try {
            return Files.size(disk);
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    /** Every byte that was moved must have gone through the memory below the switch, and none through other memory. */
    private void account(long moved) {
        List<String> status = tree.read(NAMESPACE + "/p2pmem_status").lines().toList();
        long staged = Long.parseLong(value(status, "bytes_staged"));
        long others = Long.parseLong(value(status, "bytes_fallback"));
        say(
                "  counted   %s staged in %s by %s commands, %,d bytes in system memory"
                        .formatted(
                                DemoTransfer.size(staged),
                                value(status, "provider"),
                                value(status, "commands_staged"),
                                others));
        if (staged != moved || others != 0) {
            throw new CommandFailure(
                    "%,d bytes were moved, and the target counts %,d in peer memory and %,d in system memory: %s"
                            .formatted(moved, staged, others, String.join("; ", status)));
        }
    }

    private static String value(List<String> status, String key) {
        return status.stream()
                .filter(line -> line.startsWith(key + " "))
                .map(line -> line.substring(key.length() + 1))
                .findFirst()
                .orElseThrow(() -> new CommandFailure("p2pmem_status has no " + key));
    }

    private void say(String line) {
        PrintWriter out = console.getOut();
        out.println(line);
        out.flush();
    }
}
