package org.jnvmet.host.rdma;

/**
 * How much memory is registered. The system keeps all of it in place (RLIMIT_MEMLOCK), for as long as
 * the queue exists.
 *
 * @param transferBytes most data of one command, a multiple of 4,096
 * @param adminBytes for the data of an admin queue's commands, a multiple of 4,096
 * @param ioBytes for the data of an I/O queue's commands, a multiple of 4,096
 * @param inCapsuleBytes most data in a command capsule, whatever the controller allows
 */
public record RdmaSettings(int transferBytes, int adminBytes, int ioBytes, int inCapsuleBytes) {
    private static final int PAGE = 4096;

    /** Four times what most controllers take at once; commands that find no room wait. */
    public static final RdmaSettings DEFAULTS =
            new RdmaSettings(2 << 20, 2 << 20, 8 << 20, 16 << 10);

    public RdmaSettings {
        for (int bytes : new int[] {transferBytes, adminBytes, ioBytes}) {
            if (bytes < PAGE || bytes % PAGE != 0 || bytes < transferBytes) {
                throw new IllegalArgumentException(
                        "%d bytes of registered memory, transfers of %d"
                                .formatted(bytes, transferBytes));
            }
        }
        if (inCapsuleBytes < 0 || inCapsuleBytes > 1 << 20) {
            throw new IllegalArgumentException("in-capsule data of " + inCapsuleBytes + " bytes");
        }
    }
}
