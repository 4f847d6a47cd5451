package org.jnvmet.app.p2p;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code jnvmet p2p topology}: the PCI functions of a machine, who has memory and who could use it. */
@Command(
        name = "topology",
        description = {
            "Shows the PCI functions with their bridges. A provider has peer memory that may be used; a client is a"
                    + " disk, a network interface or an RDMA device that can do DMA to it. Needs no server."
        },
        mixinStandardHelpOptions = true,
        footerHeading = "%nExamples:%n",
        footer = {
            "  jnvmet p2p topology",
            "  jnvmet p2p topology --svg topology.svg        a drawing for the browser",
            "  jnvmet p2p topology --sysfs copy/sys -o json  of another machine"
        })
final class TopologyCommand implements Callable<Integer> {
    private static final Gson GSON =
            new GsonBuilder().disableHtmlEscaping().setPrettyPrinting().create();

    @Option(
            names = "--sysfs",
            paramLabel = "DIR",
            description =
                    "Where the PCI tree is read; a copy of another machine's will do. Default: /sys.")
    private Path sysfs = PciTree.SYSFS;

    @Option(
            names = "--svg",
            paramLabel = "FILE",
            description = "Draws the tree into FILE instead of printing it; - is standard output.")
    private @Nullable Path svg;

    @Option(
            names = {"-o", "--output-format"},
            paramLabel = "FORMAT",
            description = "normal, for people, or json, for programs. Default: normal.")
    private OutputFormat format = OutputFormat.normal;

    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
        if (!Files.isDirectory(sysfs)) {
            throw new CommandFailure(sysfs + " is no directory");
        }
        Topology topology = Topology.of(PciTree.read(sysfs));
        if (svg == null) {
            print(
                    switch (format) {
                        case normal -> new TopologyText(topology).text();
                        case json ->
                                GSON.toJson(new TopologyJson(topology).json())
                                        + System.lineSeparator();
                    });
            return 0;
        }
        String drawing = new TopologyDrawing(topology).svg();
        if (svg.toString().equals("-")) {
            print(drawing);
            return 0;
        }
        try {
            Files.writeString(svg, drawing);
        } catch (IOException failure) {
            throw CommandFailure.of(svg.toString(), failure);
        }
        return 0;
    }

    private void print(String text) {
        if (spec != null) {
            PrintWriter out = spec.commandLine().getOut();
            out.print(text);
            out.flush();
        }
    }
}
