package org.jnvmet.wire.admin;

/** Feature identifiers (Base, Feature Identifiers). */
public final class Feature {
    public static final int ARBITRATION = 0x01;
    public static final int POWER_MANAGEMENT = 0x02;
    public static final int TEMPERATURE_THRESHOLD = 0x04;
    public static final int ERROR_RECOVERY = 0x05;
    public static final int VOLATILE_WRITE_CACHE = 0x06;
    public static final int NUMBER_OF_QUEUES = 0x07;
    public static final int INTERRUPT_COALESCING = 0x08;
    public static final int INTERRUPT_VECTOR = 0x09;
    public static final int WRITE_ATOMICITY = 0x0a;
    public static final int ASYNC_EVENT_CONFIGURATION = 0x0b;
    public static final int AUTONOMOUS_POWER_STATE = 0x0c;
    public static final int HOST_MEMORY_BUFFER = 0x0d;
    public static final int TIMESTAMP = 0x0e;
    public static final int KEEP_ALIVE_TIMER = 0x0f;
    public static final int HOST_BEHAVIOR = 0x16;
    public static final int IO_COMMAND_SET_PROFILE = 0x19;
    public static final int HOST_IDENTIFIER = 0x81;
    public static final int RESERVATION_NOTIFICATION_MASK = 0x82;
    public static final int RESERVATION_PERSISTENCE = 0x83;
    public static final int NAMESPACE_WRITE_PROTECTION = 0x84;

    private Feature() {}

    /** Number of Queues: the 0's based pair in command dword 11 and in the result. */
    public static int queueCounts(int submissionQueues, int completionQueues) {
        return ((submissionQueues - 1) & 0xffff) | (completionQueues - 1) << 16;
    }

    /** Submission queues of a Number of Queues dword, 1 to 65,536. */
    public static int submissionQueues(int dword) {
        return (dword & 0xffff) + 1;
    }

    /** Completion queues of a Number of Queues dword, 1 to 65,536. */
    public static int completionQueues(int dword) {
        return (dword >>> 16) + 1;
    }
}
