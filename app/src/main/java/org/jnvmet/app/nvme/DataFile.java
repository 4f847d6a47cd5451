package org.jnvmet.app.nvme;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.jnvmet.app.console.CommandFailure;

/** The file that data comes from or goes to, or the standard stream; failures name it. */
final class DataFile implements BlockTransfer.Source, BlockTransfer.Sink, AutoCloseable {
    /** Stands for the standard stream. */
    static final Path STANDARD_STREAM = Path.of("-");

    /** A length that is not known before the end. */
    static final long UNKNOWN = -1;

    private final String name;
    private final FileChannel channel;
    private final long bytes;

    private DataFile(String name, FileChannel channel, long bytes) {
        this.name = name;
        this.channel = channel;
        this.bytes = bytes;
    }

    /** Opens a file, or standard input, to read from. */
    static DataFile input(Path file) {
        if (file.equals(STANDARD_STREAM)) {
            FileChannel channel = new FileInputStream(FileDescriptor.in).getChannel();
            return new DataFile("standard input", channel, UNKNOWN);
        }
        try {
            long bytes = Files.isRegularFile(file) ? Files.size(file) : UNKNOWN;
            return new DataFile(
                    file.toString(), FileChannel.open(file, StandardOpenOption.READ), bytes);
        } catch (IOException failure) {
            throw CommandFailure.of(file.toString(), failure);
        }
    }

    /** Opens a file, or standard output, to write to; what the file holds is gone. */
    static DataFile output(Path file) {
        if (file.equals(STANDARD_STREAM)) {
            FileChannel channel = new FileOutputStream(FileDescriptor.out).getChannel();
            return new DataFile("standard output", channel, UNKNOWN);
        }
        try {
            FileChannel channel =
                    FileChannel.open(
                            file,
                            Set.of(
                                    StandardOpenOption.CREATE,
                                    StandardOpenOption.TRUNCATE_EXISTING,
                                    StandardOpenOption.WRITE));
            return new DataFile(file.toString(), channel, UNKNOWN);
        } catch (IOException failure) {
            throw CommandFailure.of(file.toString(), failure);
        }
    }

    /** Length of what is to be read; {@link #UNKNOWN} of anything but a regular file. */
    long bytes() {
        return bytes;
    }

    String name() {
        return name;
    }

    @Override
    public void read(ByteBuffer buffer) {
        try {
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                // A pipe gives what it has.
            }
        } catch (IOException failure) {
            throw CommandFailure.of(name, failure);
        }
    }

    /** Whether there is no byte left. */
    boolean atEnd() {
        ByteBuffer one = ByteBuffer.allocate(1);
        read(one);
        return one.hasRemaining();
    }

    @Override
    public void write(ByteBuffer buffer) {
        try {
            while (buffer.hasRemaining()) {
                channel.write(buffer);
            }
        } catch (IOException failure) {
            throw CommandFailure.of(name, failure);
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException failure) {
            throw CommandFailure.of(name, failure);
        }
    }
}
