package org.jnvmet.configfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class MountTableTest {
    private static final MountTable TABLE =
            MountTable.parse(
                    List.of(
                            "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw",
                            "30 22 0:50 / /mnt/with\\040space rw,nosuid - fuse.jnvmet jnvmet rw,user_id=0",
                            "31 22 0:50 /boxes /bound rw shared:2 master:3 - fuse.jnvmet jnvmet rw",
                            "32 22 0:51 / /bound rw - tmpfs none rw",
                            "33 22 0:52 / /back\\134slash rw - tmpfs none rw",
                            "a line that is none"));

    @Test
    void readsDevicesRootsPointsAndTypes() {
        assertThat(TABLE.at("/mnt/with space"))
                .contains(new MountTable.Mount("0:50", "/", "/mnt/with space", "fuse.jnvmet"));
        assertThat(TABLE.at("/back\\slash")).isPresent();
        assertThat(TABLE.at("/mnt")).isEmpty();
        assertThat(TABLE.mounts()).hasSize(5);
    }

    @Test
    void theLaterMountIsOnTop() {
        assertThat(TABLE.at("/bound")).get().extracting(MountTable.Mount::type).isEqualTo("tmpfs");
        assertThat(TABLE.covering("/bound/x"))
                .get()
                .extracting(MountTable.Mount::device)
                .isEqualTo("0:51");
    }

    @Test
    void aPathIsInTheDeepestMountAboveIt() {
        assertThat(TABLE.covering("/mnt/with space/a/b"))
                .get()
                .satisfies(mount -> {
                    assertThat(mount.device()).isEqualTo("0:50");
                    assertThat(mount.inFileSystem("/mnt/with space/a/b")).isEqualTo("/a/b");
                });
        assertThat(TABLE.covering("/mnt/with spaces"))
                .get()
                .extracting(MountTable.Mount::point)
                .isEqualTo("/");
        assertThat(TABLE.mounts().get(2).inFileSystem("/bound/x")).isEqualTo("/boxes/x");
    }
}
