package org.jnvmet.wire;

/** Opcodes of I/O commands (Base, Opcodes for I/O Commands; NVM Command Set, Opcodes). */
public final class IoOpcode {
    public static final int FLUSH = 0x00;
    public static final int WRITE = 0x01;
    public static final int READ = 0x02;
    public static final int WRITE_UNCORRECTABLE = 0x04;
    public static final int COMPARE = 0x05;
    public static final int WRITE_ZEROES = 0x08;
    public static final int DATASET_MANAGEMENT = 0x09;
    public static final int VERIFY = 0x0c;
    public static final int RESERVATION_REGISTER = 0x0d;
    public static final int RESERVATION_REPORT = 0x0e;
    public static final int RESERVATION_ACQUIRE = 0x11;
    public static final int RESERVATION_RELEASE = 0x15;
    public static final int CANCEL = 0x18;
    public static final int COPY = 0x19;
    public static final int ZONE_MANAGEMENT_SEND = 0x79;
    public static final int ZONE_MANAGEMENT_RECEIVE = 0x7a;
    public static final int ZONE_APPEND = 0x7d;

    private IoOpcode() {}

    /** The command's name in the standard, or its opcode in hexadecimal. */
    public static String name(int opcode) {
        return switch (opcode) {
            case FLUSH -> "Flush";
            case WRITE -> "Write";
            case READ -> "Read";
            case COMPARE -> "Compare";
            case WRITE_ZEROES -> "Write Zeroes";
            case DATASET_MANAGEMENT -> "Dataset Management";
            case COPY -> "Copy";
            case AdminOpcode.FABRICS -> "Fabrics";
            default -> "I/O opcode %02xh".formatted(opcode);
        };
    }
}
