package org.jnvmet.interop;

/** How a command ended, and all that it wrote, less the last line's end. */
record Result(int status, String output) {
    /** The output of a command that had to succeed. */
    String expectSuccess(String command) {
        if (status != 0) {
            throw new AssertionError(
                    "status " + status + " from\n" + command.strip() + "\nwhich wrote\n" + output);
        }
        return output;
    }

    /** The output of a command that had to fail. */
    String expectFailure(String command) {
        if (status == 0) {
            throw new AssertionError("no failure of\n" + command.strip() + "\n" + output);
        }
        return output;
    }
}
