package org.jnvmet.conf;

/**
 * A subsystem that a port shall export and does not today, as this machine has not the device: RDMA without an RDMA
 * device is the case. Nothing is wrong with the configuration, so the rest of it is in effect, as when nvmetcli
 * restores it on Linux.
 *
 * @param link path of the link that could not be made
 * @param target path of the subsystem
 * @param key where in the file it was wished; the path when it was no file
 * @param why one sentence
 */
public record AbsentDevice(String link, String target, String key, String why) {
    @Override
    public String toString() {
        return key + ": " + why;
    }
}
