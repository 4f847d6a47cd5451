package org.jnvmet.configfs.model;

import static org.jnvmet.configfs.model.ModelFixture.G;
import static org.jnvmet.configfs.model.ModelFixture.N;
import static org.jnvmet.configfs.model.ModelFixture.P;
import static org.jnvmet.configfs.model.ModelFixture.R;
import static org.jnvmet.configfs.model.ModelFixture.S;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jnvmet.target.posix.Errno;

/** Every attribute of the tree with its default, what it accepts and shows, and what it refuses. */
final class AttributeTable {
    private static final String UUID = "6d9a6a5e-2f43-4f10-9d6c-0c1b2a3f4e5d";
    private static final String NO_UUID = "00000000-0000-0000-0000-000000000000";
    private static final List<String> YES =
            List.of(
                    "1", "y", "Y", "yes", "t", "T", "true", "e", "E", "enable", "on", "On", "oN",
                    "ON", "1abc", "10");
    private static final List<String> NO =
            List.of(
                    "0", "n", "N", "no", "f", "F", "false", "d", "D", "disable", "of", "off", "Off",
                    "OF", "0x1");
    private static final String[] NO_BOOL = {"", "\n", " 1", "x", "o", "ok", "2", "-1", "\u0661"};
    private static final String[] NO_NUMBER = {
        "", "\n", "x", "1x", "1 ", " 1", "0x", "08", "1\n\n"
    };

    static final List<Row> ROWS =
            List.of(
                    row("discovery_nqn", "nqn.2014-08.org.nvmexpress.discovery")
                            .accepts("nqn.mine\nignored", "nqn.mine")
                            .accepts("nqn.", "nqn.")
                            .accepts("x".repeat(255), "x".repeat(255))
                            .refuses(Errno.EINVAL, "", "\n", "x".repeat(256), "nqn.s", "nqn.s\n"),
                    bool(row(S + "/attr_allow_any_host", "0")),
                    row(S + "/attr_version", "2.1")
                            .accepts("1.3", "1.3")
                            .accepts("1.2.1\n", "1.2.1")
                            .accepts(" 1. 4.0 trailing", "1.4")
                            .accepts("2.0.", "2.0")
                            .refuses(Errno.EINVAL, "", "2", "2.", "a.b", ".1", "1,3", "-1.0")
                            .refuses(Errno.EINVAL, "9999999999.0", "1.2.9999999999"),
                    row(S + "/attr_serial", "[0-9a-f]{20}")
                            .accepts("S1\n", "S1                  ")
                            .accepts("12345678901234567890", "12345678901234567890")
                            .accepts(" a~", " a~                 ")
                            .accepts("line\nrest", "line                ")
                            .refuses(Errno.EINVAL, "", "\n", "123456789012345678901")
                            .refuses(Errno.EINVAL, "a\tb", "caf\u00e9", "\u007f"),
                    row(S + "/attr_model", "Linux")
                            .accepts("My disk\n", "My disk")
                            .accepts("m".repeat(40), "m".repeat(40))
                            .refuses(Errno.EINVAL, "", "\n", "m".repeat(41), "a\u0001", "\u00e9"),
                    row(S + "/attr_firmware", "0.1.0")
                            .accepts("12345678\n", "12345678")
                            .refuses(Errno.EINVAL, "", "\n", "123456789", "\u00e9"),
                    row(S + "/attr_ieee_oui", "0x000000")
                            .accepts("0x525400", "0x525400")
                            .accepts("1\n", "0x000001")
                            .accepts("010", "0x000008")
                            .accepts("0xFFFFFF", "0xffffff")
                            .refuses(Errno.EINVAL, NO_NUMBER)
                            .refuses(Errno.EINVAL, "0x1000000", "0xffffffff", "-1")
                            .refuses(Errno.ERANGE, "0x100000000", "99999999999999999999x"),
                    u16(row(S + "/attr_vendor_id", "0x0")),
                    u16(row(S + "/attr_subsys_vendor_id", "0x0")),
                    row(S + "/attr_cntlid_min", "1")
                            .accepts("5\n", "5")
                            .accepts(" 007x", "7")
                            .accepts("65519", "65519")
                            .refuses(
                                    Errno.EINVAL,
                                    "",
                                    "\n",
                                    "x",
                                    "-1",
                                    "0",
                                    "65520",
                                    "65536",
                                    "65537"),
                    row(S + "/attr_cntlid_max", "65519")
                            .accepts("1\n", "1")
                            .accepts("65535", "65535")
                            .refuses(Errno.EINVAL, "", "\n", "x", "-1", "0", "65536", "65537"),
                    row(S + "/attr_qid_max", "128")
                            .accepts("1", "1")
                            .accepts(" 64 queues", "64")
                            .accepts("128\n", "128")
                            .refuses(Errno.EINVAL, "", "\n", "x", "0", "129", "65537", "-1"),
                    row(N + "/device_path", "\\(null\\)")
                            .accepts("/dev/nvme0n1\n", "/dev/nvme0n1")
                            .accepts("mem:64M", "mem:64M")
                            .accepts("null:1T", "null:1T")
                            .accepts(" with blanks \nrest", " with blanks ")
                            .refuses(Errno.EINVAL, "", "\n", "\nrest"),
                    row(
                                    N + "/device_uuid",
                                    "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-.*")
                            .accepts(UUID + "\n", UUID)
                            .accepts(UUID.toUpperCase(Locale.ROOT), UUID)
                            .accepts(UUID + "trailing", UUID)
                            .accepts(NO_UUID, NO_UUID)
                            .refuses(Errno.EINVAL, "", "\n", " " + UUID, UUID.substring(1))
                            .refuses(Errno.EINVAL, UUID.replace("-", ""), UUID.replace('6', 'g')),
                    row(N + "/device_nguid", NO_UUID)
                            .accepts(UUID + "\n", UUID)
                            .accepts(UUID.replace("-", ""), UUID)
                            .accepts("6d:9a:6a:5e:2f:43:4f:10:9d:6c:0c:1b:2a:3f:4e:5d", UUID)
                            .accepts("6D9A6A5E-2F434F10:9D6C0C1B2A3F4E5D-trailing", UUID)
                            .refuses(Errno.EINVAL, "", "\n", "6d", UUID.substring(2), "g" + UUID)
                            .refuses(Errno.EINVAL, UUID.replace("-", "--"), " " + UUID),
                    row(N + "/ana_grpid", "1")
                            .accepts("128\n", "128")
                            .accepts("0x10", "16")
                            .refuses(Errno.EINVAL, NO_NUMBER)
                            .refuses(Errno.EINVAL, "0", "129", "-1", "0xffffffff")
                            .refuses(Errno.ERANGE, "4294967296"),
                    row(N + "/enable", "0")
                            .accepts("0", "0")
                            .accepts("off", "0")
                            .refuses(Errno.EINVAL, NO_BOOL)
                            .refuses(Errno.EINVAL, "1", "on"), // without a path
                    bool(row(N + "/buffered_io", "0")),
                    // No device here has peer memory: only booleans are accepted.
                    peerMemory(row(N + "/p2pmem", "0")),
                    row(N + "/p2pmem_status", "").refuses(Errno.EACCES, "", "0", "anything"),
                    peerMemory(row(P + "/allow_p2pmem", "0")),
                    bool(row(P + "/p2pmem_strict", "0")),
                    row(P + "/p2pmem_status", "").refuses(Errno.EACCES, "", "0", "anything"),
                    row(P + "/addr_adrfam", "")
                            .acceptsEachOf("ipv4", "ipv6", "ib", "fc", "pci", "loop")
                            .refuses(
                                    Errno.EINVAL,
                                    "",
                                    "\n",
                                    "pcie",
                                    "IPv4",
                                    " ipv4",
                                    "ipv4 ",
                                    "ipv4\n\n"),
                    row(P + "/addr_treq", "not specified")
                            .acceptsEachOf("not specified", "required", "not required")
                            .refuses(Errno.EINVAL, "", "\n", "Required", "not", "0"),
                    token(row(P + "/addr_traddr", ""), 256),
                    token(row(P + "/addr_trsvcid", ""), 32),
                    row(P + "/addr_trtype", "")
                            .acceptsEachOf("rdma", "fc", "tcp", "loop", "pci")
                            .refuses(Errno.EINVAL, "", "\n", "TCP", "tcp ", " tcp", "iser"),
                    row(P + "/addr_tsas", "")
                            .refuses(Errno.EINVAL, "", "\n", "none", "tls1.3", "connected"),
                    parameter(row(P + "/param_inline_data_size", "-1"))
                            .accepts("-2147483648", "-2147483648")
                            .accepts("2147483647", "2147483647"),
                    parameter(row(P + "/param_max_queue_size", "-1")).accepts("100000", "100000"),
                    parameter(row(P + "/param_mdts", "-1"))
                            .accepts("255", "255")
                            .refuses(Errno.EINVAL, "256", "-2"),
                    row(R + "/addr_adrfam", "pci")
                            .acceptsEachOf("ipv4", "ipv6", "ib", "fc", "pci", "loop")
                            .refuses(Errno.EINVAL, "", "\n", "pcie"),
                    row(R + "/addr_portid", "0")
                            .accepts("65535\n", "65535")
                            .accepts("0x10", "16")
                            .refuses(Errno.EINVAL, NO_NUMBER)
                            .refuses(Errno.EINVAL, "65536", "-1", "99999999999999999999"),
                    row(R + "/addr_treq", "not specified")
                            .acceptsEachOf("not specified", "required", "not required")
                            .refuses(Errno.EINVAL, "", "\n", "maybe"),
                    token(row(R + "/addr_traddr", ""), 256),
                    token(row(R + "/addr_trsvcid", ""), 32),
                    row(R + "/addr_trtype", "")
                            .acceptsEachOf("rdma", "fc", "tcp", "loop", "pci")
                            .refuses(Errno.EINVAL, "", "\n", "iser"),
                    bool(row(R + "/enable", "0")),
                    row(G + "/ana_state", "optimized")
                            .acceptsEachOf("optimized", "non-optimized", "inaccessible")
                            .acceptsEachOf("persistent-loss", "change")
                            .refuses(Errno.EINVAL, "", "\n", "Optimized", "1", "changed"));

    private AttributeTable() {}

    private static Row row(String attribute, String defaultPattern) {
        return new Row(attribute, defaultPattern);
    }

    private static Row bool(Row row) {
        for (String yes : YES) {
            row.accepts(yes, "1");
        }
        for (String no : NO) {
            row.accepts(no + "\n", "0");
        }
        return row.refuses(Errno.EINVAL, NO_BOOL);
    }

    /** Digits stand alone, so that a mistyped address is none of them; never EINVAL. */
    private static Row peerMemory(Row row) {
        for (String yes : YES) {
            if (!yes.startsWith("1") || yes.length() == 1) {
                row.accepts(yes, "1").accepts(yes + "\n", "1");
            }
        }
        for (String no : NO) {
            if (!no.startsWith("0") || no.length() == 1) {
                row.accepts(no, "0").accepts(no + "\n", "0");
            }
        }
        return row.accepts("1\n\n", "1")
                .accepts("0\tx", "0")
                .refuses(Errno.ENODEV, NO_BOOL)
                .refuses(Errno.ENODEV, "auto", "10", "0x1", "1abc", "1 ", "02:00.0", "02:00.0\n")
                .refuses(Errno.ENODEV, "0000:09:00.0", "1000:09:00.0", "0000:09:00.0\n");
    }

    private static Row u16(Row row) {
        return row.accepts("0x1B36\n", "0x1b36")
                .accepts("65535", "0xffff")
                .accepts("+010", "0x8")
                .refuses(Errno.EINVAL, NO_NUMBER)
                .refuses(Errno.EINVAL, "65536", "-1", "99999999999999999999");
    }

    private static Row parameter(Row row) {
        return row.accepts("0\n", "0")
                .accepts("0x20", "32")
                .accepts("-1", "-1")
                .refuses(Errno.EINVAL, NO_NUMBER)
                .refuses(Errno.EINVAL, "-", "--1", "-+1", "2147483648", "99999999999999999999");
    }

    private static Row token(Row row, int maxBytes) {
        return row.accepts("4420\n", "4420")
                .accepts(" \t a b \n", "a")
                .accepts("x".repeat(maxBytes), "x".repeat(maxBytes))
                .refuses(Errno.EINVAL, "", "\n", " \t ", "x".repeat(maxBytes) + "\n");
    }

    /** One attribute. */
    static final class Row {
        final String attribute;
        final String defaultPattern;
        final Map<String, String> accepted = new LinkedHashMap<>();
        final List<Refusal> refused = new ArrayList<>();

        private Row(String attribute, String defaultPattern) {
            this.attribute = attribute;
            this.defaultPattern = defaultPattern;
        }

        private Row accepts(String text, String shown) {
            accepted.put(text, shown);
            return this;
        }

        private Row acceptsEachOf(String... words) {
            for (String word : words) {
                accepts(word, word).accepts(word + "\n", word);
            }
            return this;
        }

        private Row refuses(Errno errno, String... texts) {
            for (String text : texts) {
                refused.add(new Refusal(text, errno));
            }
            return this;
        }

        @Override
        public String toString() {
            return attribute;
        }
    }

    /** A text that is refused. */
    record Refusal(String text, Errno errno) {}
}
