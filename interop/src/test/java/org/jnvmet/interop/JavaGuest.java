package org.jnvmet.interop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest in which jnvmet runs, from this checkout and with this Java, and so does the host that connects
 * to it. Scripts have the functions of jnvmet-lib.sh and those of one library more.
 */
final class JavaGuest implements AutoCloseable {
    /** Java on an emulated processor is slow, and slower where the real one has other work. */
    private static final Duration LIMIT = Duration.ofMinutes(8);

    private static final String LIFE_SECONDS = "3600";

    /** What lives for a moment is not worth compiling there; the rest is worth the quick compiler. */
    private static final String SHORT = "-Xint", LONG = "-XX:TieredStopAtLevel=1";

    private final LinuxGuest guest;
    private final String prelude;

    private JavaGuest(LinuxGuest guest, String library, String server) {
        this.guest = guest;
        prelude =
                """
                SERVER='%s'
                CHECKOUT='%s'
                export JAVA_HOME='%s'
                ADDRESS=10.9.0.1 TARGET=10.9.0.1 PORT=4420 PORT2=4421
                . /lab/tree-lib.sh
                . /lab/jnvmet-lib.sh
                . /lab/%s
                """
                        .formatted(server, Checkout.root(), java(), library);
    }

    /**
     * Boots one with an emulated PCIe switch, disks with memory for others, and a kernel that lets
     * programs map it; scripts have peer-lib.sh.
     *
     * @param tree what boot.sh calls the devices: {@code switch} or {@code iommu}
     * @param processor QEMU's name of its processor
     */
    static JavaGuest withPeerMemory(String name, String tree, String processor) {
        String[] options = options("-p", tree, "-C", processor, "-m", "1024", "-c", "1");
        return new JavaGuest(LinuxGuest.bootWithPeerMemory(name, options), "peer-lib.sh", "jnvmet");
    }

    /**
     * Boots one whose kernel has RDMA, for a device that is software; scripts have rdma-lib.sh.
     *
     * @param server whose target they configure: {@code jnvmet} or {@code kernel}
     */
    static JavaGuest withRdma(String name, String server) {
        String[] options = options("-m", "2048", "-c", "2");
        return new JavaGuest(LinuxGuest.boot(name, options), "rdma-lib.sh", server);
    }

    private static Path java() {
        return Path.of(System.getProperty("java.home"));
    }

    private static String[] options(String... machine) {
        Path java = java();
        List<String> options = new ArrayList<>(List.of(machine));
        options.addAll(List.of("-t", LIFE_SECONDS));
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
        return options.toArray(String[]::new);
    }

    /** Runs a script, which has to succeed, and returns what it wrote. */
    String run(String script) {
        return attempt(script).expectSuccess(script);
    }

    Result attempt(String script) {
        return guest.attempt(script, prelude, LIMIT);
    }

    /** Runs a class of this test's, which has to succeed, and returns what it wrote. */
    String runClass(Class<?> main, String arguments) {
        return run(commandOf(SHORT, main, arguments));
    }

    /** Runs a class of this test's that has work to do. */
    Result attemptLong(Class<?> main, String arguments) {
        return attempt(commandOf(LONG, main, arguments));
    }

    private static String commandOf(String compiling, Class<?> main, String arguments) {
        return "\"$JAVA_HOME\"/bin/java "
                + compiling
                + " -XX:+UseSerialGC -Xmx256m --enable-native-access=ALL-UNNAMED"
                + " --add-exports java.base/sun.nio.ch=ALL-UNNAMED"
                + " -cp \"$CHECKOUT/interop/target/test-classes:$CHECKOUT/interop/target/lib/*\" "
                + main.getName()
                + " "
                + arguments;
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
