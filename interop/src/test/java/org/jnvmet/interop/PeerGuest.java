package org.jnvmet.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest with an emulated PCIe switch, disks with memory for others, and a kernel that lets programs
 * map it. jnvmet runs in it, from this checkout and with this Java, and so does the host that connects
 * to it. Scripts have the functions of peer-lib.sh.
 */
final class PeerGuest implements AutoCloseable {
    private static final String MEMORY_MIB = "1024";

    /** Java on an emulated processor is slow, and slower where the real one has other work. */
    private static final Duration LIMIT = Duration.ofMinutes(8);

    private static final String LIFE_SECONDS = "3600";

    private final LinuxGuest guest;
    private final String prelude;

    private PeerGuest(LinuxGuest guest, Path java) {
        this.guest = guest;
        prelude =
                """
                CHECKOUT='%s'
                export JAVA_HOME='%s'
                ADDRESS=10.9.0.1 TARGET=10.9.0.1 PORT=4420
                . /lab/tree-lib.sh
                . /lab/peer-lib.sh
                """
                        .formatted(Checkout.root(), java);
    }

    /**
     * Boots one.
     *
     * @param tree what boot.sh calls the devices: {@code switch} or {@code iommu}
     * @param processor QEMU's name of its processor
     */
    static PeerGuest boot(String name, String tree, String processor) {
        Path java = Path.of(System.getProperty("java.home"));
        List<String> options = new ArrayList<>();
        options.addAll(
                List.of(
                        "-p",
                        tree,
                        "-C",
                        processor,
                        "-m",
                        MEMORY_MIB,
                        "-c",
                        "1",
                        "-t",
                        LIFE_SECONDS));
        options.addAll(List.of("-s", Checkout.root().toString(), "-s", java.toString()));
        try { // distributions keep settings of Java elsewhere and link to them
            Path settings = java.resolve("conf/security/java.security").toRealPath();
            if (!settings.startsWith(java.toRealPath())) {
                options.addAll(
                        List.of("-s", Path.of("/etc", settings.getName(1).toString()).toString()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException("no Java in " + java, e);
        }
        LinuxGuest guest = LinuxGuest.bootWithPeerMemory(name, options.toArray(String[]::new));
        return new PeerGuest(guest, java);
    }

    /** Runs a script, which has to succeed, and returns what it wrote. */
    String run(String script) {
        return attempt(script).expectSuccess(script);
    }

    Result attempt(String script) {
        return guest.attempt(script, prelude, LIMIT);
    }

    /** Runs a class of this test's with what jnvmet consists of. */
    String runClass(Class<?> main, String arguments) {
        String classes = Checkout.root().resolve("interop/target/test-classes").toString();
        return run(
                "\"$JAVA_HOME\"/bin/java -Xint -XX:+UseSerialGC -Xmx128m"
                        + " --enable-native-access=ALL-UNNAMED -cp \"$CHECKOUT/app/target/jnvmet.jar:"
                        + classes
                        + "\" "
                        + main.getName()
                        + " "
                        + arguments);
    }

    boolean alive() {
        return guest.alive();
    }

    List<KernelLog.Message> takeKernelLog() {
        return guest.takeKernelLog();
    }

    @Override
    public void close() {
        guest.close();
    }
}
