package org.jnvmet.app.bench;

import java.util.ArrayList;
import java.util.List;

/** What verification has found, in logical blocks. */
final class VerifyStats {
    /** More wrong blocks than this are only counted. */
    static final int MAX_DETAILS = 10;

    private final List<String> details = new ArrayList<>();
    private long right;
    private long unknown;
    private long wrong;
    private long inDoubt;

    void right() {
        right++;
    }

    /** A block that this run has not written: nobody knows what it should be. */
    void unknown() {
        unknown++;
    }

    /** A block is not what it should be; says whether details are wanted. */
    boolean wrong() {
        wrong++;
        return details.size() < MAX_DETAILS;
    }

    void detail(String text) {
        details.add(text);
    }

    /** A write failed: its blocks may be old or new. */
    void inDoubt(int blocks) {
        inDoubt += blocks;
    }

    void add(VerifyStats other) {
        right += other.right;
        unknown += other.unknown;
        wrong += other.wrong;
        inDoubt += other.inDoubt;
        details.addAll(other.details);
    }

    long rightBlocks() {
        return right;
    }

    long unknownBlocks() {
        return unknown;
    }

    long wrongBlocks() {
        return wrong;
    }

    /** Blocks of writes that failed, each time. */
    long inDoubtBlocks() {
        return inDoubt;
    }

    List<String> details() {
        return List.copyOf(details);
    }
}
