package org.jnvmet.configfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.jnvmet.configfs.model.ModelFixture.P;
import static org.jnvmet.configfs.model.ModelFixture.S;
import static org.jnvmet.configfs.model.ModelFixture.refuses;

import java.util.List;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.target.ConfigException;
import org.jnvmet.target.Port;
import org.jnvmet.target.Target;
import org.jnvmet.target.posix.Errno;
import org.jnvmet.target.spi.Transport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A port of RDMA with and without a device, by the tree. */
class RdmaPortRulesTest {
    private @Nullable ConfigException refusal;

    private final Target target = new Target(List.of(new Rdma()), List.of());
    private final ConfigTree tree = NvmetTree.of(target);

    private final class Rdma implements Transport {
        @Override
        public String name() {
            return "rdma";
        }

        @Override
        public Limits limits() {
            return new Limits(1, 1 << 20, 4096, 16384, 128, 256, 0x100005, 16);
        }

        @Override
        public Listener listen(Target target, Port port) {
            if (refusal != null) {
                throw refusal;
            }
            return () -> {};
        }

        @Override
        public void close() {}
    }

    @BeforeEach
    void makePort() {
        tree.mkdir(S);
        tree.mkdir(P);
        tree.write(P + "/addr_trtype", "rdma\n");
        tree.write(P + "/addr_adrfam", "ipv4\n");
        tree.write(P + "/addr_traddr", "192.0.2.1\n");
        tree.write(P + "/addr_trsvcid", "4420\n");
    }

    @Test
    void hasTheDefaultsOfRdmaOnceItIsLinked() {
        for (String other : List.of("datagram", "none", "tls1.3", "Connected", "")) {
            refuses(Errno.EINVAL, () -> tree.write(P + "/addr_tsas", other));
        }
        tree.write(P + "/addr_tsas", "connected\n");
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("-1");
        tree.symlink(P + "/subsystems/s", S);
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("4096");
        assertThat(tree.read(P + "/param_max_queue_size")).isEqualTo("128");
        assertThat(tree.read(P + "/param_mdts")).isEqualTo("0");
        for (String fixed :
                List.of(
                        "addr_trtype",
                        "addr_adrfam",
                        "addr_traddr",
                        "addr_trsvcid",
                        "addr_treq",
                        "addr_tsas",
                        "param_inline_data_size",
                        "param_max_queue_size",
                        "param_mdts")) {
            refuses(Errno.EACCES, () -> tree.write(P + "/" + fixed, tree.read(P + "/" + fixed)));
        }
        tree.unlink(P + "/subsystems/s");
        tree.write(P + "/param_inline_data_size", "1000000");
        tree.write(P + "/param_max_queue_size", "1000000");
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("1000000");
        tree.symlink(P + "/subsystems/s", S);
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("16384");
        assertThat(tree.read(P + "/param_max_queue_size")).isEqualTo("256");
    }

    @Test
    void staysDownAndSaysWhyWithoutADevice() {
        String sentence = "RDMA is not available: librdmacm.so.1 is not installed";
        refusal = new ConfigException(Errno.ENODEV, sentence);
        refuses(Errno.ENODEV, () -> tree.symlink(P + "/subsystems/s", S));
        assertThat(tree.read(P + "/subsystems/last_error")).contains(sentence);
        assertThat(tree.read(P + "/param_inline_data_size")).isEqualTo("-1");
        tree.write(P + "/addr_traddr", "192.0.2.2"); // not enabled, so not fixed
        tree.rmdir(S);
        tree.mkdir(S);
        refusal = null;
        tree.symlink(P + "/subsystems/s", S);
        assertThat(target.ports().iterator().next().enabled()).isTrue();
    }
}
