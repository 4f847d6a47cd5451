package org.jnvmet.app.nvme;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Name and identifier by which controllers know this host. They belong together: a controller that has seen the one
 * expects the other with it.
 *
 * @param nqn the host's name
 * @param id the host's identifier
 */
record HostIdentity(String nqn, UUID id) {
    private static final String UUID_NQN = "nqn.2014-08.org.nvmexpress:uuid:";

    /** Keeps the machine's identifier, which is confidential, out of the name made of it. */
    private static final String PURPOSE = "jnvmet host ";

    /** A host identifier on the command line. */
    static final class Id implements ITypeConverter<UUID> {
        @Override
        public UUID convert(String text) {
            UUID id = uuid(text);
            if (id == null) {
                throw new TypeConversionException("'" + text + "' is no UUID");
            }
            return id;
        }
    }

    /** Of this machine, where the user gives none or only one of both. */
    static HostIdentity of(@Nullable String nqn, @Nullable UUID id) {
        return of(nqn, id, Path.of("/etc"));
    }

    /** As {@link #of(String, UUID)}, with another folder of the machine's configuration. */
    static HostIdentity of(@Nullable String nqn, @Nullable UUID id, Path etc) {
        String storedNqn = line(etc.resolve("nvme/hostnqn"));
        UUID storedId = uuid(line(etc.resolve("nvme/hostid")));
        boolean ownName = nqn == null || nqn.equals(storedNqn);
        if (nqn == null) {
            nqn = storedNqn;
        }
        if (id == null && ownName) {
            id = storedId;
        }
        if (nqn == null) {
            UUID machine = id == null ? ofMachine(etc) : id;
            return new HostIdentity(UUID_NQN + machine, machine);
        }
        return new HostIdentity(nqn, id == null ? idOf(nqn) : id);
    }

    /** The same at each call, as far as this machine has an identifier; random where it has none. */
    private static UUID ofMachine(Path etc) {
        String machine = line(etc.resolve("machine-id"));
        return machine == null ? UUID.randomUUID() : named(PURPOSE + machine);
    }

    private static UUID idOf(String nqn) {
        UUID within = nqn.startsWith(UUID_NQN) ? uuid(nqn.substring(UUID_NQN.length())) : null;
        return within == null ? named(nqn) : within;
    }

    private static UUID named(String name) {
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable UUID uuid(@Nullable String text) {
        if (text == null) {
            return null;
        }
        try {
            return UUID.fromString(text.toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException other) {
            return null;
        }
    }

    /** First line of the file; null when there is none. */
    private static @Nullable String line(Path file) {
        try (var lines = Files.lines(file)) {
            return lines.findFirst()
                    .map(String::strip)
                    .filter(text -> !text.isEmpty())
                    .orElse(null);
        } catch (IOException | java.io.UncheckedIOException absent) {
            return null;
        }
    }
}
