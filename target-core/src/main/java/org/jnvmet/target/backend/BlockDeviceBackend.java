package org.jnvmet.target.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jnvmet.target.posix.BlockDeviceStatus;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.posix.FileStatus;

/** A block device; its logical blocks are the namespace's. */
final class BlockDeviceBackend extends DescriptorBackend {
    private static final int MAX_BLOCK_BYTES = 4096;

    private BlockDeviceBackend(
            OpenFile file, BlockDeviceStatus device, Traits traits, IoWorkers workers) {
        super(
                file,
                Integer.numberOfTrailingZeros(device.logicalBlockBytes()),
                device.bytes(),
                traits,
                workers);
    }

    /** Takes the descriptor over, also when it refuses the device. */
    static BlockDeviceBackend of(OpenFile file, IoWorkers workers) {
        try {
            BlockDeviceStatus device = BlockDeviceStatus.of(file.fd());
            if (device.zones() > 0) {
                throw file.refuse(Errno.EINVAL, "zoned block devices are not served");
            }
            if (device.logicalBlockBytes() > MAX_BLOCK_BYTES) {
                throw file.refuse(
                        Errno.EINVAL,
                        "its blocks of %,d bytes are larger than 4,096"
                                .formatted(device.logicalBlockBytes()));
            }
            Traits traits =
                    new Traits(
                            true,
                            device.optimalIoBytes(),
                            device.physicalBlockBytes(),
                            discards(file.status()),
                            false);
            return new BlockDeviceBackend(file, device, traits, workers);
        } catch (IOException e) {
            file.close();
            throw file.refuse(Errno.EIO, "cannot ask for its geometry: " + e.getMessage());
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    @Override
    long measure(int descriptor) throws IOException {
        return BlockDeviceStatus.bytes(descriptor);
    }

    @Override
    int deallocate(int descriptor, long offset, long bytes) {
        return BlockDeviceStatus.discard(descriptor, offset, bytes);
    }

    /** Whether the device takes discards; a partition has the queue of its disk. */
    private static boolean discards(FileStatus status) {
        Path device =
                Path.of("/sys/dev/block/" + status.deviceMajor() + ":" + status.deviceMinor());
        return isPositive(device, "queue/discard_max_bytes")
                || isPositive(device, "../queue/discard_max_bytes");
    }

    private static boolean isPositive(Path device, String attribute) {
        try {
            // The real path first: ".." leads from a partition to its disk, not to the link's
            // folder.
            return !Files.readString(device.toRealPath().resolve(attribute)).strip().equals("0");
        } catch (IOException e) {
            return false; // no such attribute, or no sysfs at all
        }
    }
}
