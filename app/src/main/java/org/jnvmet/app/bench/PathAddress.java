package org.jnvmet.app.bench;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a path leads: {@code 192.0.2.7}, {@code host:4421}, {@code [2001:db8::7]:4421}.
 *
 * @param address IP address or host name
 * @param service port; empty for the transport's own
 */
record PathAddress(String address, String service) {
    private static final Pattern FORM =
            Pattern.compile("(?:\\[([^\\]]+)\\]|([^:\\[\\]]+))(?::(\\d{1,5}))?");

    /**
     * Reads one.
     *
     * @throws IllegalArgumentException when it is none
     */
    static PathAddress parse(String text) {
        Matcher form = FORM.matcher(text);
        if (!form.matches()) {
            throw new IllegalArgumentException("'" + text + "' is no ADDRESS[:PORT]");
        }
        String address = form.group(1) == null ? form.group(2) : form.group(1);
        return new PathAddress(address, form.group(3) == null ? "" : form.group(3));
    }
}
