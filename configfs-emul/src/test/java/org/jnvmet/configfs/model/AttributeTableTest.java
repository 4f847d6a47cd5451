package org.jnvmet.configfs.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.jnvmet.configfs.model.ModelFixture.N;
import static org.jnvmet.configfs.model.ModelFixture.P;

import java.util.ArrayList;
import java.util.List;
import org.jnvmet.configfs.model.AttributeTable.Refusal;
import org.jnvmet.configfs.model.AttributeTable.Row;
import org.jnvmet.configfs.tree.Attribute;
import org.jnvmet.configfs.tree.ConfigTree;
import org.jnvmet.configfs.tree.Directory;
import org.jnvmet.configfs.tree.Link;
import org.jnvmet.configfs.tree.Node;
import org.jnvmet.target.ConfigException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class AttributeTableTest {
    private final ModelFixture fixture = new ModelFixture().withOneOfEach();
    private final ConfigTree tree = fixture.tree;

    static List<Row> rows() {
        return AttributeTable.ROWS;
    }

    @ParameterizedTest
    @MethodSource("rows")
    void showsItsDefault(Row row) {
        assertThat(tree.read(row.attribute)).matches(row.defaultPattern);
    }

    @ParameterizedTest
    @MethodSource("rows")
    void acceptsAndShows(Row row) {
        row.accepted.forEach((text, shown) -> {
            ModelFixture fresh = new ModelFixture().withOneOfEach();
            fresh.tree.write(row.attribute, text);
            assertThat(fresh.tree.read(row.attribute)).as("after \"%s\"", text).isEqualTo(shown);
        });
    }

    @ParameterizedTest
    @MethodSource("rows")
    void acceptsWhatItShows(Row row) {
        row.accepted.forEach((text, shown) -> {
            ModelFixture fresh = new ModelFixture().withOneOfEach();
            fresh.tree.write(row.attribute, shown);
            assertThat(fresh.tree.read(row.attribute)).isEqualTo(shown);
        });
    }

    @ParameterizedTest
    @MethodSource("rows")
    void refusesWithoutChangeAndExplains(Row row) {
        Directory directory = tree.attribute(row.attribute).directory();
        for (Refusal refusal : row.refused) {
            String before = tree.read(row.attribute);
            ConfigException refused =
                    catchThrowableOfType(
                            ConfigException.class, () -> tree.write(row.attribute, refusal.text()));
            assertThat(refused).as("for \"%s\"", refusal.text()).isNotNull();
            assertThat(refused.errno()).as("for \"%s\"", refusal.text()).isEqualTo(refusal.errno());
            assertThat(tree.read(row.attribute)).isEqualTo(before);
            assertThat(tree.read(directory.path() + "/last_error")).isNotEmpty();
        }
    }

    /** Attributes that have no row: the explanation, and the one that can only be written. */
    @Test
    void hasARowForEveryAttribute() {
        List<String> attributes = new ArrayList<>();
        collect(tree.root(), attributes);
        attributes.removeIf(path -> path.endsWith("last_error"));
        attributes.remove(N + "/revalidate_size");
        assertThat(rows().stream().map(row -> row.attribute))
                .containsExactlyInAnyOrderElementsOf(attributes);
    }

    private void collect(Directory directory, List<String> attributes) {
        for (Node node : tree.list(directory)) {
            switch (node) {
                case Attribute attribute -> attributes.add(attribute.path());
                case Directory below -> collect(below, attributes);
                case Link _ -> {}
            }
        }
    }

    @Test
    void theTransportTypeBringsItsOwnTsas() {
        tree.write(P + "/addr_trtype", "tcp");
        assertThat(tree.read(P + "/addr_tsas")).isEqualTo("none");
        tree.write(P + "/addr_trtype", "rdma");
        assertThat(tree.read(P + "/addr_tsas")).isEqualTo("connected");
        tree.write(P + "/addr_tsas", "connected\n");
        tree.write(P + "/addr_trtype", "loop");
        assertThat(tree.read(P + "/addr_tsas")).isEmpty();
    }

    @Test
    void saysThatTlsIsNotBuiltIn() {
        tree.write(P + "/addr_trtype", "tcp");
        tree.write(P + "/addr_treq", "required");
        tree.write(P + "/addr_tsas", "none\n");
        assertThat(tree.read(P + "/addr_treq")).isEqualTo("not specified");
        ModelFixture.refuses(
                org.jnvmet.target.posix.Errno.EINVAL, () -> tree.write(P + "/addr_tsas", "tls1.3"));
        assertThat(tree.read(P + "/last_error")).contains("TLS is not built in");
        assertThat(tree.read(P + "/addr_tsas")).isEqualTo("none");
    }

    @Test
    void everyErrorIsEmptyAtFirst() {
        assertThat(tree.read("last_error")).isEmpty();
        assertThat(tree.read(N + "/last_error")).isEmpty();
    }
}
