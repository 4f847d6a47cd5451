package org.jnvmet.app.p2p;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.awt.Rectangle;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.jnvmet.p2pmem.emulated.EmulatedBus;
import org.jnvmet.p2pmem.emulated.EmulatedTree;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import picocli.CommandLine;

/** A machine with a switch, a disk with memory and a second socket, as it is printed and drawn. */
final class TopologyTest {
    private final Path folder;
    private final EmulatedTree machine;

    TopologyTest(@TempDir Path folder) {
        this.folder = folder;
        machine = EmulatedTree.in(folder.resolve("sys")).cpu("GenuineIntel", 6);
        EmulatedBus socket = machine.hostBridge(0, 0x00);
        socket.hostBridgeDevice(0x8086, 0x09a2);
        EmulatedBus fabric = socket.rootPort().below().upstreamPort().below();
        fabric.downstreamPort().acs(0x0c).below().endpoint().nic().networkInterface("eth0");
        fabric.downstreamPort()
                .below()
                .endpoint()
                .nvme()
                .memory(64 << 20)
                .blockDevice("nvme0n1", 259, 0);
        EmulatedBus second = machine.hostBridge(0, 0x80);
        second.hostBridgeDevice(0x8086, 0x29c0);
        second.rootPort()
                .configBytes(64)
                .below()
                .endpoint()
                .nvme()
                .memory(1536 << 10)
                .published(false)
                .blockDevice("nvme1n1", 259, 1);
    }

    /** What the command prints on standard output; it has to succeed. */
    private static String run(String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int status =
                new CommandLine(new P2pCommand())
                        .setOut(new PrintWriter(out))
                        .setErr(new PrintWriter(err))
                        .execute(arguments);
        assertThat(status).as("%s", err).isZero();
        return out.toString();
    }

    private String topology(String... more) {
        List<String> arguments =
                new ArrayList<>(List.of("topology", "--sysfs", machine.root().toString()));
        arguments.addAll(List.of(more));
        return run(arguments.toArray(String[]::new));
    }

    @Test
    void printsATree() {
        assertThat(topology().lines().skip(2))
                .containsExactly(
                        "pci0000:00           host bridge: routes between root ports",
                        "+-0000:00:00.0       host bridge             8086:09a2",
                        "\\-0000:00:01.0       root port               1b36:000c",
                        "  \\-0000:01:00.0     switch, upstream port   104c:8232",
                        "    +-0000:02:00.0   switch, downstream port 104c:8233 redirects RR CR",
                        "    | \\-0000:03:00.0 Ethernet controller     15b3:1019                 eth0    client",
                        "    \\-0000:02:01.0   switch, downstream port 104c:8233",
                        "      \\-0000:04:00.0 NVMe controller         1b36:0010                 nvme0n1 provider 64 MiB, 64 MiB"
                                + " available; client",
                        "pci0000:80           host bridge: not known to route between its root ports",
                        "+-0000:80:00.0       host bridge             8086:29c0",
                        "\\-0000:80:01.0       root port               1b36:000c ACS?",
                        "  \\-0000:81:00.0     NVMe controller         1b36:0010                 nvme1n1 memory, not published, 1.5 MiB,"
                                + " 1.5 MiB available; client",
                        "",
                        "The processor is not known to route between root ports (not AMD family 17h or later).",
                        "Remark: config of 0000:80:01.0 has 64 bytes: not root? Redirection by ACS cannot be seen.");
    }

    @Test
    void printsJson() {
        JsonObject json = JsonParser.parseString(topology("-o", "json")).getAsJsonObject();
        assertThat(json.get("CpuRoutesBetweenRootPorts").getAsBoolean()).isFalse();
        assertThat(json.getAsJsonArray("Remarks")).hasSize(1);
        assertThat(json.getAsJsonArray("HostBridges")).hasSize(2);
        JsonObject bridge = json.getAsJsonArray("HostBridges").get(0).getAsJsonObject();
        assertThat(bridge.get("Routes").getAsString()).isEqualTo("everywhere");
        JsonObject upstream = below(below(bridge, "Functions", 1), "Below", 0);
        JsonObject ofNic = below(upstream, "Below", 0);
        assertThat(ofNic.get("AcsControl").getAsInt()).isEqualTo(0x0c);
        assertThat(ofNic.get("AcsRedirects").getAsBoolean()).isTrue();
        JsonObject disk = below(below(upstream, "Below", 1), "Below", 0);
        assertThat(disk.get("Address").getAsString()).isEqualTo("0000:04:00.0");
        assertThat(disk.get("Provider").getAsBoolean()).isTrue();
        assertThat(disk.get("Client").getAsBoolean()).isTrue();
        assertThat(disk.getAsJsonObject("Memory").get("Size").getAsLong()).isEqualTo(64 << 20);
    }

    private static JsonObject below(JsonObject of, String key, int index) {
        return of.getAsJsonArray(key).get(index).getAsJsonObject();
    }

    @Test
    void drawsWhatItPrints() throws Exception {
        Path file = folder.resolve("topology.svg");
        assertThat(topology("--svg", file.toString())).isEmpty();
        String svg = Files.readString(file);
        assertThat(topology("--svg", "-")).isEqualTo(svg);
        assertThat(svg)
                .contains("prefers-color-scheme: dark")
                .contains("ACS redirects RR CR", "nvme0n1", "eth0", "Remark: ")
                .doesNotContain("href", "url(", "@import", "<script");
        List<Rectangle> boxes = boxes(parse(svg));
        Rectangle page = boxes.removeFirst();
        // Two of the legend, two host bridges, ten functions.
        assertThat(boxes).hasSize(2 + 2 + 10);
        for (Rectangle box : boxes) {
            assertThat(page.contains(box)).as("%s on %s", box, page).isTrue();
            assertThat(boxes.stream().filter(box::intersects)).containsExactly(box);
        }
    }

    /** Names are whatever somebody called a file. */
    @Test
    void drawsStrangeNames() throws Exception {
        EmulatedBus odd = machine.hostBridge(1, 0);
        odd.endpoint().networkInterface("<script>&\"'\u0001\ud83d\ude00");
        Document drawing = parse(topology("--svg", "-"));
        assertThat(drawing.getDocumentElement().getTextContent()).contains("<script>&\"'?");
        assertThat(drawing.getElementsByTagName("script").getLength()).isZero();
    }

    @Test
    void drawsNothing() throws Exception {
        Path empty = Files.createDirectory(folder.resolve("empty"));
        assertThat(boxes(parse(run("topology", "--sysfs", empty.toString(), "--svg", "-"))))
                .hasSize(3);
        assertThat(run("topology", "--sysfs", empty.toString())).contains("cpuinfo cannot be read");
    }

    private static Document parse(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)));
    }

    private static List<Rectangle> boxes(Document drawing) {
        NodeList rectangles = drawing.getElementsByTagName("rect");
        List<Rectangle> boxes = new ArrayList<>();
        for (int i = 0; i < rectangles.getLength(); i++) {
            Element each = (Element) rectangles.item(i);
            boxes.add(
                    new Rectangle(
                            number(each, "x"),
                            number(each, "y"),
                            number(each, "width"),
                            number(each, "height")));
        }
        return boxes;
    }

    private static int number(Element element, String attribute) {
        return Integer.parseInt(element.getAttribute(attribute));
    }
}
