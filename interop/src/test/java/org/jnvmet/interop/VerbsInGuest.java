package org.jnvmet.interop;

import com.ibm.disni.verbs.IbvMr;
import com.ibm.disni.verbs.IbvPd;
import com.ibm.disni.verbs.RdmaCm;
import com.ibm.disni.verbs.RdmaCmId;
import com.ibm.disni.verbs.RdmaEventChannel;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jnvmet.testkit.VerbsExercise;
import org.jnvmet.testkit.VerbsRemoval;
import org.jnvmet.verbs.AsyncEvent;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Device;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsException;
import org.jnvmet.verbs.linux.LinuxVerbs;

/**
 * Runs in a guest with a device of rxe's, as root: every part of {@link VerbsExercise} over each address
 * given, and what the kernel does to devices.
 */
public final class VerbsInGuest {
    private static final int EOPNOTSUPP = 95;
    private static final int ANY_DESCRIPTOR = 99;
    private static final int LIMIT_MS = 10_000;
    private static final int POLL_MS = 20;
    private static final int REMOVALS = 3;

    private final LinuxVerbs provider;
    private final InetAddress address;
    private int failed;

    private VerbsInGuest(LinuxVerbs provider, InetAddress address) {
        this.provider = provider;
        this.address = address;
    }

    private interface Part {
        void run() throws Exception;
    }

    /** Takes addresses of one device: the first of IPv4, those of IPv6 with their scope, if they have one. */
    public static void main(String[] args) throws Exception {
        int failed = 0;
        try (LinuxVerbs provider = LinuxVerbs.open()) {
            for (String address : args) {
                VerbsInGuest guest = new VerbsInGuest(provider, InetAddress.getByName(address));
                guest.exercise();
                failed += guest.failed;
            }
            // Last: an interface that goes down loses its addresses of IPv6.
            VerbsInGuest guest = new VerbsInGuest(provider, InetAddress.getByName(args[0]));
            guest.changeDevice();
            failed += guest.failed;
        }
        System.out.println(failed == 0 ? "all parts passed" : failed + " parts failed");
        if (failed > 0) {
            System.exit(1);
        }
    }

    private void exercise() {
        VerbsExercise.PARTS.forEach((name, part) -> run(name, () -> part.run(provider, address)));
    }

    private void changeDevice() {
        run("is known as software that takes no dma-buf", () -> withDevice(this::software));
        run("tells that its port goes down and comes up", () -> withDevice(this::port));
        for (int i = 0; i < REMOVALS; i++) {
            run("is removed under connections, and comes back", () -> withDevice(this::removal));
        }
    }

    private void run(String name, Part part) {
        long start = System.nanoTime();
        try {
            part.run();
            long millis = (System.nanoTime() - start) / 1_000_000;
            System.out.printf(
                    Locale.ROOT, "%s: %s: passed, %d ms%n", address.getHostAddress(), name, millis);
        } catch (Exception | AssertionError e) {
            failed++;
            System.out.println(address.getHostAddress() + ": " + name + ": FAILED");
            e.printStackTrace(System.out);
        }
    }

    private interface DevicePart {
        void run(Device device) throws Exception;
    }

    /** An identifier that is bound to the address has its device. */
    private void withDevice(DevicePart part) throws Exception {
        ConnectionManager cm = provider.openCm();
        RdmaEventChannel channel = cm.createEventChannel();
        RdmaCmId id = cm.createId(channel, RdmaCm.RDMA_PS_TCP);
        Device device;
        try {
            cm.bindAddr(id, new InetSocketAddress(address, 0));
            device = (Device) id.getVerbs();
        } finally {
            cm.destroyCmId(id);
            cm.destroyEventChannel(channel);
        }
        part.run(device);
    }

    private void software(Device device) throws IOException {
        expect(device.limits().software(), device + " is no hardware");
        Verbs verbs = provider.openVerbs();
        IbvPd domain = verbs.allocPd(device);
        try {
            verbs.registerDmaBuf(
                    domain, ANY_DESCRIPTOR, 0, 4096, 0x10000, IbvMr.IBV_ACCESS_LOCAL_WRITE);
            throw new AssertionError("a dma-buf is registered");
        } catch (VerbsException e) {
            expect(e.errno() == EOPNOTSUPP, e.toString());
        } finally {
            verbs.deallocPd(domain);
        }
    }

    private void port(Device device) throws Exception {
        String network = network(device);
        while (provider.openVerbs().getAsyncEvent(device) != null) {} // those of parts before
        shell("ip link set " + network + " down");
        awaitEvent(device, AsyncEvent.Type.PORT_ERR);
        shell("ip link set " + network + " up");
        awaitEvent(device, AsyncEvent.Type.PORT_ACTIVE);
    }

    private void awaitEvent(Device device, AsyncEvent.Type type) throws Exception {
        for (int waited = 0; waited < LIMIT_MS; waited += POLL_MS) {
            AsyncEvent event = provider.openVerbs().getAsyncEvent(device);
            if (event == null) {
                Thread.sleep(POLL_MS);
            } else if (event.type() == type) {
                return;
            }
        }
        throw new AssertionError("no " + type);
    }

    private void removal(Device device) throws Exception {
        String network = network(device);
        VerbsRemoval.survives(
                provider,
                address,
                () -> shell("rdma link delete " + device.name()),
                () ->
                        shell(
                                "rdma link add %s type rxe netdev %s"
                                        .formatted(device.name(), network)));
    }

    private static String network(Device device) throws IOException {
        Path file = Path.of("/sys/class/infiniband", device.name(), "ports/1/gid_attrs/ndevs/0");
        return Files.readString(file).strip();
    }

    private static void shell(String command) throws Exception {
        int status = new ProcessBuilder("sh", "-c", command).inheritIO().start().waitFor();
        expect(status == 0, command + ": status " + status);
    }

    private static void expect(boolean truth, String sentence) {
        if (!truth) {
            throw new AssertionError(sentence);
        }
    }
}
