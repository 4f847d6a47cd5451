package org.jnvmet.configfs.model;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import org.jnvmet.configfs.tree.DirectorySpec;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.p2pmem.PeerStaging.ProviderReport;
import org.jnvmet.p2pmem.pci.PciAddress;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;

/**
 * {@code p2pmem} and {@code p2pmem/<address>}: the devices with peer memory that there are, as facts. A target that
 * stages nothing has none.
 */
final class PeerMemoryDirectory {
    private PeerMemoryDirectory() {}

    static DirectorySpec of(Target target) {
        DirectorySpec.Builder directory = DirectorySpec.of("p2pmem");
        if (target.staging() instanceof PeerStaging staging) {
            return directory.population(() -> providers(staging)).build();
        }
        return directory.population(Map::of).build();
    }

    private static Map<String, DirectorySpec> providers(PeerStaging staging) {
        Map<String, DirectorySpec> providers = new LinkedHashMap<>();
        for (ProviderReport report : staging.providers()) {
            PciAddress address = report.pool().provider().address();
            providers.put(address.toString(), provider(staging, address));
        }
        return providers;
    }

    /** Bytes, a boolean, and a line for each client. */
    private static DirectorySpec provider(PeerStaging staging, PciAddress address) {
        Fact fact = new Fact(staging, address);
        return DirectorySpec.of(address)
                .readOnly("size", () -> fact.number(r -> r.pool().provider().bytes()))
                .readOnly("available", () -> fact.number(r -> r.pool().provider().availableBytes()))
                .readOnly(
                        "published", () -> Show.bool(fact.of(r -> r.pool().provider().published())))
                .readOnly("mapped", () -> fact.number(r -> r.pool().mappedBytes()))
                .readOnly("in_use", () -> fact.number(r -> r.pool().lentBytes()))
                .readOnly("clients", () -> String.join("\n", fact.of(ProviderReport::clients)))
                .build();
    }

    /** Looks a provider up anew for each value. */
    private record Fact(PeerStaging staging, PciAddress address) {
        <T> T of(Function<ProviderReport, T> value) {
            return staging.providers().stream()
                    .filter(report -> report.pool().provider().address().equals(address))
                    .findFirst()
                    .map(value)
                    .orElseThrow(() -> new ConfigException(Errno.ENODEV, address + " has gone"));
        }

        String number(Function<ProviderReport, Long> value) {
            return Long.toString(of(value));
        }
    }
}
