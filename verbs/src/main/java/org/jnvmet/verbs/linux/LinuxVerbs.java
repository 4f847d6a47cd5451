package org.jnvmet.verbs.linux;

import com.ibm.disni.verbs.RdmaCm;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.jnvmet.verbs.ConnectionManager;
import org.jnvmet.verbs.Verbs;
import org.jnvmet.verbs.VerbsProvider;
import org.jnvmet.verbs.VerbsUnavailableException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * RDMA by the devices of this machine, over rdma-core's librdmacm.so.1 and libibverbs.so.1. Any number of
 * them may be open, each with {@link org.jnvmet.verbs.Device}s of its own. Any thread.
 */
public final class LinuxVerbs extends VerbsProvider {
    private static final Logger LOG = LoggerFactory.getLogger(LinuxVerbs.class);
    private static final String RELEASE = "rdma-core 34";
    private static final long CHECKED_CONTEXT = 0x6a6e766d6574L;

    private final Machine machine;
    private final Librdmacm librdmacm;
    private final Libibverbs libibverbs;
    private final Devices devices;
    private final ConnectionManager connectionManager;
    private final Verbs verbs;

    private LinuxVerbs(Machine machine) throws IOException {
        this.machine = machine;
        SymbolLookup verbsLibrary =
                load(
                        machine.libibverbs(),
                        "libibverbs1 and ibverbs-providers on Debian, libibverbs on Fedora");
        SymbolLookup connections =
                load(machine.librdmacm(), "librdmacm1 on Debian, librdmacm on Fedora");
        libibverbs = new Libibverbs(name -> find(verbsLibrary, machine.libibverbs(), name));
        librdmacm = new Librdmacm(name -> find(connections, machine.librdmacm(), name));
        devices = new Devices(this);
        connectionManager = new LinuxConnectionManager(this);
        verbs = new LinuxVerbCalls(this);
    }

    /**
     * Loads the libraries and looks at what there is.
     *
     * @throws VerbsUnavailableException with a sentence that says what to install or to load
     */
    public static LinuxVerbs open() throws IOException {
        return open(Machine.THIS);
    }

    static LinuxVerbs open(Machine machine) throws IOException {
        LinuxVerbs made = new LinuxVerbs(machine);
        machine.expectKernel();
        // So that objects of a device that is gone can be destroyed like all others.
        Descriptors.environment("RDMAV_ALLOW_DISASSOC_DESTROY", "1");
        made.expectDevices();
        return made;
    }

    @SuppressWarnings("restricted")
    private static SymbolLookup load(String library, String packages)
            throws VerbsUnavailableException {
        try {
            return SymbolLookup.libraryLookup(library, Arena.global());
        } catch (IllegalArgumentException e) {
            throw new VerbsUnavailableException(
                    "%s cannot be loaded: install %s".formatted(library, packages));
        }
    }

    private static MemorySegment find(SymbolLookup library, String file, String name)
            throws VerbsUnavailableException {
        return library.find(name)
                .orElseThrow(() ->
                        new VerbsUnavailableException(
                                "%s has no %s: it is older than %s"
                                        .formatted(file, name, RELEASE)));
    }

    private void expectDevices() throws IOException {
        long channel = librdmacm.createEventChannel.pointer();
        if (channel == 0) {
            throw machine.unusable(NativeFunction.errno());
        }
        try {
            SelfCheck check = new SelfCheck(machine);
            check.eventChannel(channel);
            checkIdentifier(check, channel);
            int count = devices.open();
            LOG.debug("RDMA by {} devices", count);
        } catch (IOException e) {
            devices.close();
            throw e;
        } finally {
            librdmacm.destroyEventChannel.procedure(channel);
        }
    }

    private void checkIdentifier(SelfCheck check, long channel) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment place = arena.allocate(Long.BYTES, Long.BYTES);
            librdmacm.createId.check(
                    librdmacm.createId.call(
                            channel, place.address(), CHECKED_CONTEXT, RdmaCm.RDMA_PS_TCP));
            long id = Abi.getLong(place.address(), 0);
            try {
                check.identifier(id, channel, CHECKED_CONTEXT, RdmaCm.RDMA_PS_TCP);
            } finally {
                librdmacm.destroyId.check(librdmacm.destroyId.call(id));
            }
        }
    }

    @Override
    public ConnectionManager openCm() {
        return connectionManager;
    }

    @Override
    public Verbs openVerbs() {
        return verbs;
    }

    Machine machine() {
        return machine;
    }

    Librdmacm librdmacm() {
        return librdmacm;
    }

    Libibverbs libibverbs() {
        return libibverbs;
    }

    Devices devices() {
        return devices;
    }

    /** Lets go of the devices; all that came from it is destroyed already. */
    @Override
    public void close() {
        devices.close();
    }
}
