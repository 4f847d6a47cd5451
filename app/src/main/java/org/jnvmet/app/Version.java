package org.jnvmet.app;

import picocli.CommandLine.IVersionProvider;

/** The version in the manifest of the application's jar. */
final class Version implements IVersionProvider {
    static String text() {
        String version = Version.class.getPackage().getImplementationVersion();
        return "jnvmet "
                + (version == null ? "(not packaged)" : version)
                + ", Java "
                + Runtime.version();
    }

    @Override
    public String[] getVersion() {
        return new String[] {text()};
    }
}
