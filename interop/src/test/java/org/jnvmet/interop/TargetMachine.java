package org.jnvmet.interop;

/**
 * An NVMe/TCP target and the machine that it runs on, configured by shell commands in its config
 * tree. The same scenarios run against jnvmet and, to prove the scenarios themselves, against the
 * target of the Linux kernel ({@code -Dinterop.target=kernel}).
 */
interface TargetMachine extends AutoCloseable {
    /**
     * Runs a script of bash, after assignments of its variables, in the tree as current folder;
     * tree-lib.sh says what it can use.
     */
    Result attempt(String variables, String script);

    /** The TCP port under which guests reach the target's n-th port, 0 or 1. */
    int service(int index);

    @Override
    void close();

    /** The target that the tests are about, or the one that the tests are tried out on. */
    static TargetMachine open(String name) {
        return switch (System.getProperty("interop.target", "jnvmet")) {
            case "jnvmet" -> new JnvmetTarget(name);
            case "kernel" -> new KernelTarget(name);
            case String other -> throw new IllegalArgumentException("interop.target=" + other);
        };
    }
}
