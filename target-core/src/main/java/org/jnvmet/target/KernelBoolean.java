package org.jnvmet.target;

import org.jspecify.annotations.Nullable;

/** Booleans as the kernel reads them from attributes: by the first one or two characters only. */
public final class KernelBoolean {
    private KernelBoolean() {}

    /** What {@code text} says, whatever follows its first characters; null: it is no boolean. */
    public static @Nullable Boolean parse(String text) {
        char first = text.isEmpty() ? 0 : text.charAt(0);
        char second = text.length() < 2 ? 0 : text.charAt(1);
        return switch (first) {
            case 'y', 'Y', 't', 'T', 'e', 'E', '1' -> Boolean.TRUE;
            case 'n', 'N', 'f', 'F', 'd', 'D', '0' -> Boolean.FALSE;
            case 'o', 'O' ->
                    switch (second) {
                        case 'n', 'N' -> Boolean.TRUE;
                        case 'f', 'F' -> Boolean.FALSE;
                        default -> null;
                    };
            default -> null;
        };
    }
}
