package org.jnvmet.conf;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.jnvmet.configfs.tree.Change;
import org.jspecify.annotations.Nullable;

/**
 * The file of a {@link StateJournal}: lines are appended and forced to the medium; a rewrite goes to a new file that
 * replaces the old one by its name. A lock on a file beside it keeps a second process out. Not for several threads.
 */
final class StateFile implements AutoCloseable {
    /** Larger files are no state of ours: a tree of the largest size takes a tenth of it. */
    private static final long MAX_BYTES = 1L << 30;

    private static final int BYTES_PER_WRITE = 1 << 20;

    private final Path path;
    private final FileChannel lockChannel;
    private FileChannel channel;

    /** What is on the medium for sure and whole; anything behind it is cut off before the next append. */
    private long goodBytes;

    private boolean isDamaged;

    /**
     * What a file held.
     *
     * @param problems sentences on what was damaged
     */
    record Contents(List<Change> changes, List<String> problems) {}

    private StateFile(Path path, FileChannel lockChannel, FileChannel channel) {
        this.path = path;
        this.lockChannel = lockChannel;
        this.channel = channel;
    }

    /** Opens or creates the file; the caller reads it next. */
    @SuppressWarnings("resource") // the channels live as long as the file
    static StateFile open(Path path) throws IOException {
        Path lockPath = beside(path, ".lock");
        FileChannel lockChannel =
                FileChannel.open(lockPath, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        try {
            if (lock(lockChannel) == null) {
                throw new IOException("another jnvmet uses this state file");
            }
            Files.deleteIfExists(beside(path, ".new"));
            FileChannel channel = openForAppend(path);
            forceFolder(path);
            return new StateFile(path, lockChannel, channel);
        } catch (IOException failure) {
            lockChannel.close();
            throw failure;
        }
    }

    private static @Nullable FileLock lock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException ours) {
            return null;
        }
    }

    private static FileChannel openForAppend(Path path) throws IOException {
        return FileChannel.open(
                path,
                Set.of(
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    }

    /**
     * Reads all lines. A last line that is not whole is what a crash leaves of a change that never returned to its
     * caller: it is dropped. Damage elsewhere is skipped and told, and a copy of the file is kept.
     */
    Contents read() throws IOException {
        byte[] bytes = allBytes();
        List<Change> changes = new ArrayList<>();
        List<String> problems = new ArrayList<>();
        List<Integer> damaged = new ArrayList<>();
        int lines = 0;
        int start = 0;
        goodBytes = 0;
        while (start < bytes.length) {
            int end = start;
            while (end < bytes.length && bytes[end] != '\n') {
                end++;
            }
            lines++;
            if (end == bytes.length) {
                problems.add(
                        "line "
                                + lines
                                + ", the last, is not whole and is dropped: its change never returned");
                break;
            }
            List<Change> line = StateLine.decode(Arrays.copyOfRange(bytes, start, end));
            if (line == null) {
                damaged.add(lines);
            } else {
                changes.addAll(line);
            }
            start = end + 1;
            goodBytes = start;
        }
        if (!damaged.isEmpty()) {
            isDamaged = true;
            Path kept = keepCopy(bytes);
            damaged.forEach(line ->
                    problems.add(
                            "line "
                                    + line
                                    + " is damaged and is skipped; the file as it was: "
                                    + kept));
        }
        return new Contents(changes, problems);
    }

    /** Whether {@link #read} skipped lines, so that the file is better rewritten. */
    boolean isDamaged() {
        return isDamaged;
    }

    private byte[] allBytes() throws IOException {
        if (channel.size() > MAX_BYTES) {
            throw new IOException("has " + channel.size() + " bytes, more than " + MAX_BYTES);
        }
        ByteBuffer all = ByteBuffer.allocate((int) channel.size());
        while (all.hasRemaining() && channel.read(all, all.position()) >= 0) {}
        return Arrays.copyOf(all.array(), all.position());
    }

    private Path keepCopy(byte[] bytes) throws IOException {
        for (int number = 1; ; number++) {
            Path copy = beside(path, ".damaged-" + number);
            if (!Files.exists(copy)) {
                Files.write(copy, bytes, StandardOpenOption.CREATE_NEW, StandardOpenOption.DSYNC);
                forceFolder(path);
                return copy;
            }
            if (Arrays.equals(Files.readAllBytes(copy), bytes)) {
                return copy;
            }
        }
    }

    /** Appends one line; it is on the medium when this returns. */
    void append(List<Change> changes) throws IOException {
        ByteBuffer line = ByteBuffer.wrap(StateLine.encode(changes));
        channel.truncate(goodBytes);
        long end = write(channel, line, goodBytes);
        channel.force(true);
        goodBytes = end;
    }

    /** Replaces the file by one that holds {@code changes}, a line each; it is on the medium when this returns. */
    @SuppressWarnings("resource") // the new channel becomes ours
    void rewrite(List<Change> changes) throws IOException {
        Path fresh = beside(path, ".new");
        Files.deleteIfExists(fresh);
        FileChannel next = openForAppend(fresh);
        long end = 0;
        try {
            ByteBuffer block = ByteBuffer.allocate(BYTES_PER_WRITE);
            for (Change change : changes) {
                byte[] line = StateLine.encode(List.of(change));
                if (block.remaining() < line.length) {
                    end = write(next, block.flip(), end);
                    block.clear();
                }
                block.put(line);
            }
            end = write(next, block.flip(), end);
            next.force(true);
            Files.move(
                    fresh,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
            forceFolder(path);
        } catch (IOException failure) {
            next.close();
            throw failure;
        }
        channel.close();
        channel = next;
        goodBytes = end;
        isDamaged = false;
    }

    private static long write(FileChannel channel, ByteBuffer bytes, long position)
            throws IOException {
        long end = position;
        while (bytes.hasRemaining()) {
            end += channel.write(bytes, end);
        }
        return end;
    }

    long size() {
        return goodBytes;
    }

    Path path() {
        return path;
    }

    private static Path beside(Path path, String suffix) {
        return path.resolveSibling(path.getFileName() + suffix);
    }

    private static void forceFolder(Path path) throws IOException {
        Path folder = path.toAbsolutePath().getParent();
        if (folder != null) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /** Gives the file free for others. */
    @Override
    public void close() throws IOException {
        channel.close();
        lockChannel.close();
    }
}
