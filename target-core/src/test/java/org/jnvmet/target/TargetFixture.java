package org.jnvmet.target;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Backend;
import org.jspecify.annotations.Nullable;

/** A target with one transport and media that open at the word "disk...". */
final class TargetFixture {
    static final String HOST = "nqn.2014-08.org.nvmexpress:uuid:host";

    final RecordingTransport tcp = new RecordingTransport("tcp");
    final List<RecordingBackend> opened = Collections.synchronizedList(new ArrayList<>());

    /** Runs inside each opening of a medium. */
    volatile Runnable duringOpen = () -> {};

    final Target target = new Target(List.of(tcp), List.of((_, _) -> null, this::open));

    private @Nullable Backend open(String path, boolean buffered) {
        duringOpen.run();
        if (!path.startsWith("disk")) {
            throw new ConfigException(Errno.ENODEV, path + " is no disk");
        }
        RecordingBackend backend = new RecordingBackend(path, buffered);
        opened.add(backend);
        return backend;
    }

    Port port(int id) {
        Port port = target.createPort(id);
        port.changeAddress(
                address -> address.withTrtype("tcp").withAdrfam("ipv4").withTrsvcid("44" + id));
        return port;
    }

    /** A subsystem that anybody may use. */
    Subsystem subsystem(String nqn) {
        Subsystem subsystem = target.createSubsystem(nqn);
        subsystem.allowAnyHost(true);
        return subsystem;
    }

    Namespace enabledNamespace(Subsystem subsystem, int nsid) {
        Namespace namespace = subsystem.createNamespace(nsid);
        namespace.devicePath("disk" + nsid);
        namespace.enable();
        return namespace;
    }

    RecordingController discoveryController(Port port, String hostNqn) {
        return RecordingController.connect(target.discoverySubsystem(), port, hostNqn);
    }

    static void refuses(Errno errno, ThrowingCallable change) {
        assertThatThrownBy(change)
                .isInstanceOfSatisfying(
                        ConfigException.class,
                        e ->
                                org.assertj.core.api.Assertions.assertThat(e.errno())
                                        .isEqualTo(errno));
    }
}
