#!/usr/bin/env python3
"""Makes the file operations that nvmetcli makes on a config tree, system call by system call.

usage: nvmetcli-sequence.py TREE save FILE | restore FILE | ls | clear | refusals

Written from a description of those operations, so that the tree is tested against them where
nvmetcli is not installed. Never renames, changes modes or reads links, as nvmetcli does not.
"""
import errno
import fcntl
import json
import os
import stat
import sys
import termios

SAVED_PREFIXES = {
    "root": ["discovery"],
    "host": ["dhchap"],
    "subsystem": ["attr"],
    "namespace": ["device", "ana", "resv"],
    "port": ["addr", "param"],
    "ana_group": ["ana"],
    "referral": ["addr"],
}


def as_python_opens(fd):
    """What the buffered file object of Python asks of each file that it opens."""
    os.fstat(fd)
    try:
        fcntl.ioctl(fd, termios.TCGETS, b"\0" * 64)
        raise AssertionError("TCGETS succeeds: an attribute is no terminal")
    except OSError as e:
        assert e.errno == errno.ENOTTY, "TCGETS: " + os.strerror(e.errno)
    assert os.lseek(fd, 0, os.SEEK_CUR) == 0


def get(path):
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        as_python_opens(fd)
        data = os.read(fd, 4097)
        assert os.read(fd, 4097 - len(data)) == b"", path + ": the end does not read as the end"
        return data.decode().strip()
    finally:
        os.close(fd)


def put(path, value):
    """One write without a newline; of an empty value, none."""
    data = str(value).encode()
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    try:
        as_python_opens(fd)
        if data:
            written = os.write(fd, data)
            assert written == len(data), f"{path}: {written} of {len(data)} bytes taken"
    finally:
        os.close(fd)


def names(path):
    """Every entry of a directory that people fill, taken for a thing that they made."""
    return sorted(os.listdir(path))


def by_number(path):
    return sorted(names(path), key=int)


def attributes(path, prefix):
    """Attributes of a group that are files somebody may write."""
    found = []
    for name in os.listdir(path):
        mode = os.lstat(os.path.join(path, name)).st_mode
        if name.startswith(prefix + "_") and stat.S_ISREG(mode) and mode & stat.S_IWUSR:
            found.append(name)
    return sorted(found)


def save_groups(path, kind):
    saved = {}
    for prefix in SAVED_PREFIXES[kind]:
        values = {a[len(prefix) + 1:]: get(os.path.join(path, a)) for a in attributes(path, prefix)}
        if values:
            saved[prefix] = values
    enable = os.path.join(path, "enable")
    try:
        os.stat(enable)
        saved["enable"] = int(get(enable))
    except FileNotFoundError:
        pass
    return saved


def restore_groups(path, kind, saved):
    for prefix in SAVED_PREFIXES[kind]:
        for name, value in saved.get(prefix, {}).items():
            put(os.path.join(path, f"{prefix}_{name}"), value)


class Tree:
    def __init__(self, root):
        self.root = os.path.abspath(root)

    def at(self, *parts):
        return os.path.join(self.root, *(str(p) for p in parts))

    # --- save

    def save(self):
        saved = save_groups(self.root, "root")
        saved["hosts"] = [self.save_host(h) for h in names(self.at("hosts"))]
        saved["subsystems"] = [self.save_subsystem(s) for s in names(self.at("subsystems"))]
        saved["ports"] = [self.save_port(p) for p in by_number(self.at("ports"))]
        return saved

    def save_host(self, nqn):
        return {"nqn": nqn, **save_groups(self.at("hosts", nqn), "host")}

    def save_subsystem(self, nqn):
        path = self.at("subsystems", nqn)
        saved = {"nqn": nqn, **save_groups(path, "subsystem")}
        saved["allowed_hosts"] = names(os.path.join(path, "allowed_hosts"))
        saved["namespaces"] = []
        for nsid in by_number(os.path.join(path, "namespaces")):
            place = os.path.join(path, "namespaces", nsid)
            groups = save_groups(place, "namespace")
            grpid = int(groups["ana"]["grpid"])
            saved["namespaces"].append({"nsid": int(nsid), "ana_grpid": grpid, **groups})
        return saved

    def save_port(self, port):
        path = self.at("ports", port)
        saved = {"portid": int(port), **save_groups(path, "port")}
        saved["subsystems"] = names(os.path.join(path, "subsystems"))
        saved["ana_groups"] = [
            {"grpid": int(g), **save_groups(os.path.join(path, "ana_groups", g), "ana_group")}
            for g in by_number(os.path.join(path, "ana_groups"))
        ]
        saved["referrals"] = [
            {"name": r, **save_groups(os.path.join(path, "referrals", r), "referral")}
            for r in names(os.path.join(path, "referrals"))
        ]
        return saved

    # --- clear: ports first, then subsystems, then hosts

    def clear(self):
        for port in names(self.at("ports")):
            path = self.at("ports", port)
            for link in os.listdir(os.path.join(path, "subsystems")):
                os.unlink(os.path.join(path, "subsystems", link))
            for group in names(os.path.join(path, "ana_groups")):
                if group != "1":
                    os.rmdir(os.path.join(path, "ana_groups", group))
            for referral in names(os.path.join(path, "referrals")):
                os.rmdir(os.path.join(path, "referrals", referral))
            os.rmdir(path)
        for nqn in names(self.at("subsystems")):
            path = self.at("subsystems", nqn)
            for nsid in names(os.path.join(path, "namespaces")):
                os.rmdir(os.path.join(path, "namespaces", nsid))
            for link in os.listdir(os.path.join(path, "allowed_hosts")):
                os.unlink(os.path.join(path, "allowed_hosts", link))
            os.rmdir(path)
        for host in names(self.at("hosts")):
            os.rmdir(self.at("hosts", host))

    # --- restore

    def restore(self, saved):
        self.clear()
        restore_groups(self.root, "root", saved)
        for host in saved["hosts"]:
            os.mkdir(self.at("hosts", host["nqn"]))
            restore_groups(self.at("hosts", host["nqn"]), "host", host)
        for subsystem in saved["subsystems"]:
            self.restore_subsystem(subsystem)
        for port in saved["ports"]:
            self.restore_port(port)

    def restore_subsystem(self, saved):
        path = self.at("subsystems", saved["nqn"])
        os.mkdir(path)
        for namespace in saved["namespaces"]:
            place = os.path.join(path, "namespaces", str(namespace["nsid"]))
            os.mkdir(place)
            restore_groups(place, "namespace", namespace)
            put(os.path.join(place, "enable"), namespace["enable"])
            put(os.path.join(place, "ana_grpid"), namespace["ana_grpid"])
        for host in saved["allowed_hosts"]:
            os.symlink(self.at("hosts", host), os.path.join(path, "allowed_hosts", host))
        restore_groups(path, "subsystem", saved)

    def restore_port(self, saved):
        path = self.at("ports", saved["portid"])
        os.mkdir(path)
        restore_groups(path, "port", saved)
        for nqn in saved["subsystems"]:
            os.symlink(self.at("subsystems", nqn), os.path.join(path, "subsystems", nqn))
        for group in saved["ana_groups"]:
            place = os.path.join(path, "ana_groups", str(group["grpid"]))
            if not os.path.isdir(place):
                os.mkdir(place)
            restore_groups(place, "ana_group", group)
        for referral in saved["referrals"]:
            place = os.path.join(path, "referrals", referral["name"])
            os.mkdir(place)
            restore_groups(place, "referral", referral)
            put(os.path.join(place, "enable"), referral["enable"])

    # --- ls: what the summary lines are made of

    def ls(self):
        for nqn in names(self.at("subsystems")):
            path = self.at("subsystems", nqn)
            line = [get(os.path.join(path, "attr_" + a)) for a in ("version", "allow_any_host", "serial")]
            print("o- subsystem", nqn, *line)
            for nsid in by_number(os.path.join(path, "namespaces")):
                place = os.path.join(path, "namespaces", nsid)
                line = [get(os.path.join(place, "device_" + a)) for a in ("path", "uuid", "nguid")]
                print("  o- namespace", nsid, *line, "enabled" if get(os.path.join(place, "enable")) == "1" else "disabled")
            for host in names(os.path.join(path, "allowed_hosts")):
                print("  o- allowed host", host)
        for port in by_number(self.at("ports")):
            path = self.at("ports", port)
            line = [get(os.path.join(path, "addr_" + a)) for a in ("trtype", "traddr", "trsvcid")]
            print("o- port", port, *line)
            for group in by_number(os.path.join(path, "ana_groups")):
                print("  o- ana group", group, get(os.path.join(path, "ana_groups", group, "ana_state")))
            for nqn in names(os.path.join(path, "subsystems")):
                print("  o- exports", nqn)
        for host in names(self.at("hosts")):
            print("o- host", host)

    # --- what has to be refused, and how

    def refusals(self):
        failures = 0

        def refused(what, code, operation, *arguments):
            nonlocal failures
            try:
                operation(*arguments)
                got = "success"
            except OSError as e:
                got = errno.errorcode[e.errno]
            print(f"{what}: {got}")
            if got != errno.errorcode[code]:
                print(f"    expected {errno.errorcode[code]}")
                failures += 1

        self.clear()
        subsystem = self.at("subsystems", "nqn.test:a")
        os.mkdir(subsystem)
        namespace = os.path.join(subsystem, "namespaces", "3")
        os.mkdir(namespace)
        port = self.at("ports", "7")
        os.mkdir(port)
        links = os.path.join(port, "subsystems")
        refused("enable without a path", errno.EINVAL, put, os.path.join(namespace, "enable"), 1)
        refused("namespace 0", errno.EINVAL, os.mkdir, os.path.join(subsystem, "namespaces", "0"))
        refused("namespace twice", errno.EEXIST, os.mkdir, namespace)
        refused("link to a subsystem that is not there", errno.ENOENT,
                os.symlink, self.at("subsystems", "nqn.test:no"), os.path.join(links, "no"))
        refused("link from a port without a type", errno.EINVAL,
                os.symlink, subsystem, os.path.join(links, "nqn.test:a"))
        put(os.path.join(port, "addr_trtype"), "loop")
        os.symlink(subsystem, os.path.join(links, "nqn.test:a"))
        refused("the same link twice", errno.EEXIST,
                os.symlink, subsystem, os.path.join(links, "nqn.test:a"))
        refused("address of a port in use", errno.EACCES, put, os.path.join(port, "addr_trtype"), "tcp")
        refused("removal of a linked subsystem", errno.EBUSY, os.rmdir, subsystem)
        refused("removal of a port in use", errno.ENOTEMPTY, os.rmdir, port)
        refused("the discovery subsystem's name", errno.EINVAL,
                os.mkdir, self.at("subsystems", "nqn.2014-08.org.nvmexpress.discovery"))
        refused("a name of 223 bytes", errno.EINVAL, os.mkdir, self.at("subsystems", "n" * 223))
        refused("a name of 256 bytes", errno.ENAMETOOLONG, os.mkdir, self.at("subsystems", "n" * 256))
        refused("port 65536", errno.EINVAL, os.mkdir, self.at("ports", "65536"))
        refused("port x", errno.EINVAL, os.mkdir, self.at("ports", "x"))
        refused("ana group 129", errno.EINVAL, os.mkdir, os.path.join(port, "ana_groups", "129"))
        refused("removal of ana group 1", errno.EPERM, os.rmdir, os.path.join(port, "ana_groups", "1"))
        refused("an attribute that is not there", errno.EACCES, put, os.path.join(port, "addr_nothing"), "x")
        refused("an unknown state", errno.EINVAL,
                put, os.path.join(port, "ana_groups", "1", "ana_state"), "fine")
        self.clear()
        for kind in ("hosts", "subsystems", "ports"):
            assert names(self.at(kind)) == [], kind + " are left"
        return failures


def main():
    tree, command = Tree(sys.argv[1]), sys.argv[2]
    if command == "save":
        with open(sys.argv[3], "w") as f:
            f.write(json.dumps(tree.save(), sort_keys=True, indent=2) + "\n")
    elif command == "restore":
        with open(sys.argv[3]) as f:
            tree.restore(json.load(f))
    elif command == "ls":
        tree.ls()
    elif command == "clear":
        tree.clear()
    elif command == "refusals":
        sys.exit(1 if tree.refusals() else 0)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
