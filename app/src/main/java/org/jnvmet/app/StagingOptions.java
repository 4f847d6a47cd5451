package org.jnvmet.app;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.jnvmet.app.console.CommandFailure;
import org.jnvmet.p2pmem.PeerStaging;
import org.jnvmet.p2pmem.pci.PciTree;
import org.jnvmet.p2pmem.pool.DmaBufProvider;
import picocli.CommandLine.Option;

/** Which peer memory there is. */
final class StagingOptions {
    @Option(
            names = "--sysfs",
            paramLabel = "DIR",
            description = {
                "Where PCI functions, disks and network interfaces are looked up for p2pmem and allow_p2pmem; an emulated"
                        + " tree will do. Default: /sys."
            })
    private Path sysfs = PciTree.SYSFS;

    @Option(
            names = "--dma-buf",
            paramLabel = "BDF=SOURCE",
            description = {
                "Memory of the PCI function BDF behind a descriptor: a path, or fd:N for one that is inherited. May be"
                        + " repeated."
            })
    private List<String> dmaBufs = new ArrayList<>();

    /** As not given. */
    StagingOptions() {}

    /** As given by --sysfs. */
    StagingOptions(Path sysfs) {
        this.sysfs = sysfs;
    }

    /** The service; closed with the target that it is given to. */
    PeerStaging open() {
        if (!Files.isDirectory(sysfs)) {
            throw new CommandFailure("--sysfs " + sysfs + " is no directory");
        }
        List<DmaBufProvider> handedIn = new ArrayList<>();
        boolean opened = false;
        try {
            dmaBufs.forEach(each -> handedIn.add(DmaBufProvider.open(each)));
            PeerStaging staging = new PeerStaging(sysfs, new SplittableRandom(), handedIn);
            opened = true;
            return staging;
        } finally {
            if (!opened) {
                handedIn.forEach(DmaBufProvider::close);
            }
        }
    }
}
