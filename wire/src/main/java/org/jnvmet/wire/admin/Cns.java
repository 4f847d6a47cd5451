package org.jnvmet.wire.admin;

/** What Identify asks for: Controller or Namespace Structure values (Base, Identify command). */
public final class Cns {
    public static final int NAMESPACE = 0x00;
    public static final int CONTROLLER = 0x01;
    public static final int ACTIVE_NAMESPACES = 0x02;
    public static final int NAMESPACE_DESCRIPTORS = 0x03;
    public static final int NVM_SET_LIST = 0x04;
    public static final int IO_COMMAND_SET_NAMESPACE = 0x05;
    public static final int IO_COMMAND_SET_CONTROLLER = 0x06;
    public static final int IO_COMMAND_SET_ACTIVE_NAMESPACES = 0x07;
    public static final int INDEPENDENT_NAMESPACE = 0x08;
    public static final int ALLOCATED_NAMESPACES = 0x10;
    public static final int ALLOCATED_NAMESPACE = 0x11;
    public static final int NAMESPACE_CONTROLLERS = 0x12;
    public static final int CONTROLLERS = 0x13;
    public static final int IO_COMMAND_SETS = 0x1c;

    private Cns() {}
}
