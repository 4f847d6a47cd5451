package org.jnvmet.wire;

/**
 * Which way a command's data goes. The two low bits of the opcode say it, or of the Fabrics command
 * type (Base, Opcodes; NVMe over Fabrics, Fabrics Commands).
 */
public enum DataDirection {
    NONE,
    HOST_TO_CONTROLLER,
    CONTROLLER_TO_HOST,
    BIDIRECTIONAL;

    private static final DataDirection[] BY_BITS = values();

    /** Direction of the command in {@code sqe}; allocates nothing. */
    public static DataDirection of(Sqe sqe) {
        int opcode = sqe.opcode();
        return BY_BITS[(opcode == AdminOpcode.FABRICS ? sqe.fabricsType() : opcode) & 3];
    }
}
