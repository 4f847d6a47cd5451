package org.jnvmet.verbs;

/** Receives for many queue pairs. Destroyed after them. */
public abstract class SharedReceiveQueue {
    /** For {@link com.ibm.disni.verbs.IbvQPInitAttr#setSrq}. */
    public abstract long handle();
}
