package org.jnvmet.app;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.conf.AbsentDevice;
import org.jnvmet.conf.ConfigFileException;
import org.jnvmet.conf.Transaction;
import org.jnvmet.p2pmem.PeerStaging;

/** Configuration files as the command line reads and writes them; failures name the file. */
final class ConfigFile {
    /** Bytes of a configuration that is read. */
    private static final int MAX_BYTES = 32 << 20;

    private static final Path STANDARD_STREAM = Path.of("-");

    private ConfigFile() {}

    static String read(Path file) {
        try (InputStream stream =
                file.equals(STANDARD_STREAM) ? System.in : Files.newInputStream(file)) {
            byte[] bytes = stream.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new CommandFailure(file + ": is longer than " + MAX_BYTES + " bytes");
            }
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException binary) {
            throw new CommandFailure(file + ": is no UTF-8 text");
        } catch (IOException failure) {
            throw CommandFailure.of(file.toString(), failure);
        }
    }

    /** Replaces {@code file} as a whole, on the medium when this returns; readable only for its owner. */
    static void write(Path file, String text) {
        Path fresh = file.resolveSibling(file.getFileName() + ".temp");
        try {
            Files.deleteIfExists(fresh);
            try (FileChannel channel =
                    FileChannel.open(
                            fresh,
                            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")))) {
                ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(true);
            }
            Files.move(
                    fresh,
                    file,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException failure) {
            throw CommandFailure.of(file.toString(), failure);
        }
    }

    /**
     * Refuses a configuration that a server on this machine would refuse.
     *
     * @return remarks
     */
    static String check(Path file, String json) {
        try (PeerStaging judge = new StagingOptions().open()) {
            return remarks(new Transaction(() -> new Rehearsal(judge)).check(json));
        } catch (ConfigFileException wrong) {
            throw new CommandFailure(file + ": " + wrong.getMessage());
        }
    }

    /** What a configuration wishes and this machine has no device for, a line each. */
    static String remarks(List<AbsentDevice> absent) {
        return absent.stream()
                .map(each -> each + "; that port does not listen")
                .collect(Collectors.joining("\n"));
    }
}
