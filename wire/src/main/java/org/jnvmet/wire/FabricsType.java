package org.jnvmet.wire;

/** Fabrics command types (NVMe over Fabrics, Fabrics Commands): the byte {@link Sqe#FCTYPE}. */
public final class FabricsType {
    public static final int PROPERTY_SET = 0x00;
    public static final int CONNECT = 0x01;
    public static final int PROPERTY_GET = 0x04;
    public static final int AUTHENTICATION_SEND = 0x05;
    public static final int AUTHENTICATION_RECEIVE = 0x06;
    public static final int DISCONNECT = 0x08;

    private FabricsType() {}

    /** The command's name in the standard, or its type in hexadecimal. */
    public static String name(int type) {
        return switch (type) {
            case PROPERTY_SET -> "Property Set";
            case CONNECT -> "Connect";
            case PROPERTY_GET -> "Property Get";
            case AUTHENTICATION_SEND -> "Authentication Send";
            case AUTHENTICATION_RECEIVE -> "Authentication Receive";
            case DISCONNECT -> "Disconnect";
            default -> "fabrics type %02xh".formatted(type);
        };
    }
}
