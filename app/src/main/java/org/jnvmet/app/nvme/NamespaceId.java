package org.jnvmet.app.nvme;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** A namespace identifier on the command line, decimal or hexadecimal: 32 bits, not 0. */
final class NamespaceId implements ITypeConverter<Integer> {
    @Override
    public Integer convert(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        try {
            int nsid =
                    lower.startsWith("0x")
                            ? Integer.parseUnsignedInt(lower.substring(2), 16)
                            : Integer.parseUnsignedInt(lower);
            if (nsid != 0) {
                return nsid;
            }
        } catch (NumberFormatException other) {
            throw new TypeConversionException(
                    "'" + text + "' is no namespace identifier, 1 to 0xffffffff");
        }
        throw new TypeConversionException("there is no namespace 0");
    }
}
