package org.jnvmet.app.console;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/** A command cannot go on, and the message says why in one line: exit status 1. */
public final class CommandFailure extends RuntimeException {
    private static final long serialVersionUID = 1;

    public CommandFailure(String why) {
        super(why);
    }

    public CommandFailure(String why, Throwable cause) {
        super(why, cause);
    }

    /** What went wrong with a file, which the message names first and once. */
    public static CommandFailure of(String file, IOException failure) {
        return new CommandFailure(file + ": " + reason(failure), failure);
    }

    private static String reason(IOException failure) {
        return switch (failure) {
            case NoSuchFileException _ -> "does not exist";
            case AccessDeniedException _ -> "permission denied";
            case FileSystemException refused when refused.getReason() != null ->
                    String.valueOf(refused.getReason());
            default -> String.valueOf(failure.getMessage());
        };
    }
}
